"""Using a trained network with NumPy alone: sampling, scores, activations. No torch here."""
