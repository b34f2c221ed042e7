"""extras/statistics."""
