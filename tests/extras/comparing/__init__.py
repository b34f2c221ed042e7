"""extras/comparing."""
