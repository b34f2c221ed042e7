"""Tokenizers: text to token ids and back, exactly, by the name that `--tokenizer` takes.

    >>> tokenizer = Characters("ehlo")
    >>> tokenizer.characters, tokenizer.encode("hello").tolist()
    ('ehlo', [1, 0, 2, 2, 3])

`base` is the contract. Adding a tokenizer is a file and a line in TOKENIZERS.
"""

from typing import Any

from charrnn.settings import TokenizerName
from charrnn.text.tokenizers.base import END, Decoder, Ids, Tokenizer, valid_unicode
from charrnn.text.tokenizers.byte import Bytes
from charrnn.text.tokenizers.characters import Characters
from charrnn.text.tokenizers.number import Numbers
from charrnn.text.tokenizers.subwords import BPE, Unigram

TOKENIZERS: dict[TokenizerName, type[Tokenizer]] = {
    "char": Characters,
    "byte": Bytes,
    "bpe": BPE,
    "unigram": Unigram,
    "number": Numbers,
}


def from_json(data: Any) -> Tokenizer:
    """The tokenizer that `to_json` described. Raises ValueError."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in TOKENIZERS:
        raise ValueError(f"unknown tokenizer {kind!r}")
    return TOKENIZERS[kind].from_json(data)


def to_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """The tokenizer as JSON that `from_json` reads."""
    return {"kind": tokenizer.kind, **tokenizer.to_json()}
