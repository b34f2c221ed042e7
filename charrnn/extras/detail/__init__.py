"""`charrnn eval --per`: a text scored by line, document or character."""
