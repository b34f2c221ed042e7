"""What networks are trained for: a task is one object, and nothing else knows it by name."""
