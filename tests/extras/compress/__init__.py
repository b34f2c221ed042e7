"""Tests of compressing files."""
