"""What lies on disk of a run: checkpoints, metrics, locks. Nothing here computes with a network."""
