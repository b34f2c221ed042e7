"""Using a trained model with NumPy alone: torch is never loaded here."""
