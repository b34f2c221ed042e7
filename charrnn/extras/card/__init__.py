"""A page about a model, to be shared with it."""
