"""Training: `loop` is the file to open first. The other files are what it calls."""
