"""Text to token ids and back: tokenizers, reading, prepared corpora, and a catalog of texts.

`catalog` and `source_files` import no NumPy, so that names are completed at once. Nothing here imports torch.
"""
