"""Runs side by side: trained to be compared, in one table, and their learning curves."""
