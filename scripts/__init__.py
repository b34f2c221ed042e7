"""What takes too long for a test: `python -m scripts.fuzz`, `scripts.kills`, `scripts.soak`."""
