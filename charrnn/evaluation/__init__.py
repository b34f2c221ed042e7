"""Measuring trained networks in torch: loss, dynamic evaluation.

Nothing here changes a run.
"""
