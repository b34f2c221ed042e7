"""Text to tokens and back: tokenizers, prepared corpora, and the catalog of known texts."""
