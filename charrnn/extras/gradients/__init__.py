"""`charrnn gradients`: how far back in time the loss depends on the state."""
