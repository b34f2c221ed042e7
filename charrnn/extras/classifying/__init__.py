"""`charrnn classify`: which run most likely wrote a text."""
