"""extras/classifying."""
