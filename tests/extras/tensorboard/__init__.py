"""extras/tensorboard."""
