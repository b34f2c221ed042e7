"""Files in which a trained model works without this package; nothing of how it is trained."""
