"""Tests of charrnn.engine."""
