"""extras/dialogue."""
