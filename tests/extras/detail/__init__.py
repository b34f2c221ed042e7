"""extras/detail."""
