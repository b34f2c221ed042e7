"""Tests of charrnn/tasks/outputs."""
