"""Texts as input: token ids, read whole by recurrent layers in one or both directions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings, TextSettings, UnknownName
from charrnn.tasks.base import Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.text.corpus import checked_ids
from charrnn.text.tokenizers import Characters, Ids as TokenIds, Tokenizer
from charrnn.text.tokenizers.base import smallest_type
from charrnn.text.unknown import known_text, tagged_ids


class TextItems:
    """How texts are stored: token ids."""

    has_text = True
    input_shape: tuple[int, ...] = ()
    column = "text"
    """What messages call the input."""
    described = "a text"

    def __init__(self, settings: TextSettings, *, between: str | None = None) -> None:
        """`between`: what stands between texts whose characters keep their positions."""
        self.settings, self.aligned = settings, between is not None
        self.between = between if between is not None else "\n" * (settings.tokenizer != "char")

    def placed(self, text: str, file: str) -> str:  # noqa: ARG002
        """The text itself."""
        return text

    def input_bytes(self, text: str) -> bytes:
        """The text in UTF-8."""
        return text.encode("utf-8", "surrogateescape")

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[TokenIds, list[int]]:
        """The ids (M,) of texts, one after the other, and how many each has.

        Characters that the vocabulary lacks are left out, unless they keep their positions: see
        `tagged_ids`. A text without any other is token 0.
        """
        if self.aligned:
            return joined([tagged_ids(tokenizer, text) for text in texts])
        if tokenizer.unknown("".join(texts)):
            texts = [known_text(text, tokenizer, "skip")[0] for text in texts]
        if isinstance(tokenizer, Characters) and not tokenizer.rare_as_bytes and all(texts):
            return tokenizer.encode("".join(texts)), [*map(len, texts)]  # 10 times as fast
        nothing = np.zeros(1, smallest_type(tokenizer.size))
        return joined([tokenizer.encode(text) if text else nothing for text in texts])


def joined(arrays: Sequence[TokenIds]) -> tuple[TokenIds, list[int]]:
    """Arrays one after the other (M,), and their lengths."""
    return np.concatenate(arrays), [*map(len, arrays)]


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
        checked_ids(ids.view(np.uint64), self.subject.tokenizer.size)
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
