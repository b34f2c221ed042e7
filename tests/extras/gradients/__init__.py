"""extras/gradients."""
