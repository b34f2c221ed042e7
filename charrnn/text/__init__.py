"""Text to token ids and back: tokenizers, reading, prepared corpora, and a catalog of texts.

Nothing here imports torch. `catalog` and `source_files` import no NumPy either: names are completed
in the shell.
"""
