"""Measuring trained networks in torch: loss, dynamic evaluation, gradient flow, comparison of runs.

Nothing here changes a run.
"""
