"""extras/probing."""
