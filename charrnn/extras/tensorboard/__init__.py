"""`charrnn train --tensorboard`: a run's events, written for TensorBoard."""
