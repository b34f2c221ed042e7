"""extras/processes."""
