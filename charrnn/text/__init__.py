"""Text to token ids and back: tokenizers, reading, prepared corpora, and a catalog of texts.

`catalog` imports no NumPy, so that names can be completed at once. Nothing here imports torch.
"""
