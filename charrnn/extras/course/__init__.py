"""The course on recurrent networks: its lessons, in a terminal. Nothing here computes."""
