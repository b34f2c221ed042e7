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
from charrnn.tasks.inputs.base import Input, joined
from charrnn.text.corpus import checked_ids
from charrnn.text.tokenizers import Characters, Ids as TokenIds, Tokenizer
from charrnn.text.tokenizers.base import smallest_type
from charrnn.text.unknown import known_text, tagged_ids


class TextInput(Input):
    """Texts: ids (S, B), and their lengths (B,)."""

    has_text = True
    column = "text"
    described = "a text"
    batch_axis = 1

    def __init__(
        self, settings: TextSettings, separator: str | None = None, subject: Subject | None = None
    ) -> None:
        super().__init__(settings, separator, subject)
        self.aligned = separator is not None
        """Whether every character keeps its position, because it may have a target."""
        # subwords do not cross what stands between texts
        self.between = separator if separator is not None else "\n" * (settings.tokenizer != "char")

    def placed(self, text: str, file: str) -> str:  # noqa: ARG002
        return text

    def input_bytes(self, text: str) -> bytes:
        return text.encode("utf-8", "surrogateescape")

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[TokenIds, list[int]]:
        """As the base says. Characters that the vocabulary lacks are left out, unless aligned.

        Those keep their positions: see `tagged_ids`. A text without any other is token 0.
        """
        if self.aligned:
            return joined([tagged_ids(tokenizer, text) for text in texts])
        if tokenizer.unknown("".join(texts)):
            texts = [known_text(text, tokenizer, "skip")[0] for text in texts]
        if isinstance(tokenizer, Characters) and not tokenizer.rare_as_bytes and all(texts):
            return tokenizer.encode("".join(texts)), [*map(len, texts)]  # 10 times as fast
        nothing = np.zeros(1, smallest_type(tokenizer.size))
        return joined([tokenizer.encode(text) if text else nothing for text in texts])

    def read(self, text: str, unknown: UnknownName) -> Ids:
        """The ids (T,) of a text, at least one: an empty text is read as one arbitrary token."""
        tokenizer = self.subject.tokenizer
        if self.aligned:
            if unknown == "error":
                known_text(text, tokenizer, "error")
            return tagged_ids(tokenizer, text) if text else np.zeros(1, np.uint8)
        text, _ = known_text(text, tokenizer, unknown)
        return tokenizer.encode(text) if text else np.zeros(1, np.uint8)

    def parameters(self, model: ModelSettings) -> Parameters:
        return TextEncoder.parameters(model, self.subject.tokenizer.size)

    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> TextEncoder:
        return TextEncoder(model, weights)

    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        ids, lengths = items.padded(indices)
        checked_ids(ids.view(np.uint64), self.subject.tokenizer.size)
        return {"inputs": ids, "lengths": lengths}

    def tokens(self, items: Ragged, indices: Indices | range) -> Indices:
        return items.lengths(indices)

    def shown(self, item: Ids) -> str:
        return "".join(self.positions(item))

    def longest(self, item: Ids) -> int:
        return 3 * len(item) + 20

    def positions(self, item: Ids) -> list[str]:
        decode = self.subject.tokenizer.decoder()
        return [decode(token) for token in item.tolist()]
