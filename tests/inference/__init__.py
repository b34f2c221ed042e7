"""Tests of charrnn.inference."""
