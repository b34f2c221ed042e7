"""Tests of charrnn.text."""
