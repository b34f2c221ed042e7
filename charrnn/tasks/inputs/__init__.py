"""What a network may read: how it is parsed, stored, padded into a batch, and encoded."""
