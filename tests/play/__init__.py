"""Tests of charrnn.play."""
