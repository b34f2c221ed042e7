"""Networks, each written once on arrays of any library: their parameters, forward pass and step.

No files, no tokenizers, no training. torch and NumPy are what the weights happen to be.
"""
