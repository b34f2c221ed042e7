"""Texts as input: token ids, read whole by recurrent layers in one or both directions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings, UnknownName
from charrnn.tasks.base import Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.text.corpus import checked_ids
from charrnn.text.unknown import known_text, tagged_ids


class TextInput:
    """Texts: ids (S, B), and their lengths (B,)."""

    tokens_per_parameter: float | None = None  # as many as the output wants
    batch_axis = 1

    def __init__(self, subject: Subject, *, aligned: bool = False) -> None:
        """`aligned`: every character keeps its position, because it may have a target."""
        self.subject, self.aligned = subject, aligned

    def parameters(self, model: ModelSettings) -> Parameters:
        """The encoder's parameters."""
        return TextEncoder.parameters(model, self.subject.tokenizer.size)

    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> TextEncoder:
        """The encoder of these settings and weights."""
        return TextEncoder(model, weights)

    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        """Texts as fields of a `Batch`. TextError if the corpus is damaged."""
        ids, lengths = items.padded(indices)
        checked_ids(ids, self.subject.tokenizer.size)
        return {"inputs": ids, "lengths": lengths}

    def tokens(self, items: Ragged, indices: Indices | range) -> Indices:
        """Tokens that are read of each (N,)."""
        return items.lengths(indices)

    def read(self, text: str, unknown: UnknownName = "skip") -> Ids:
        """The ids (T,) of a text, at least one: an empty text is read as one arbitrary token.

        TextError for characters that the vocabulary lacks, if they are an error.
        """
        tokenizer = self.subject.tokenizer
        if self.aligned:
            if unknown == "error":
                known_text(text, tokenizer, "error")
            return tagged_ids(tokenizer, text) if text else np.zeros(1, np.uint8)
        text, _ = known_text(text, tokenizer, unknown)
        return tokenizer.encode(text) if text else np.zeros(1, np.uint8)

    def shown(self, item: Ids) -> str:
        """The text of ids (T,)."""
        return "".join(map(self.subject.tokenizer.decoder(), item.tolist()))

    def source(self, item: Ids) -> list[str]:
        """What attention is paid to: the text of each token."""
        decode = self.subject.tokenizer.decoder()
        return [decode(token) for token in item.tolist()]

    def longest(self, item: Ids) -> int:
        """Symbols that may be written for a text."""
        return 3 * len(item) + 20
