"""What the main job can do without: a folder each, found by the table in cli/extras.py."""
