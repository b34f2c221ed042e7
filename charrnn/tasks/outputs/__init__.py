"""What a network may predict: how a target is parsed and stored, its loss, prediction and score."""
