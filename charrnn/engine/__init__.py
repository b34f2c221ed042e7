"""Making a model: the only room that torch lives in."""
