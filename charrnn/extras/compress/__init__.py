"""Compressing files: a trained model's probabilities, spent by a range coder."""
