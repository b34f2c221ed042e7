"""Tests of charrnn.cells."""
