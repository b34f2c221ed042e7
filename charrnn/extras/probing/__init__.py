"""`charrnn probe`: what the units and gates of a network do while it reads a text."""
