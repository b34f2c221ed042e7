"""Texts as input: token ids, read whole by recurrent layers in one or both directions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings, UnknownName
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.base import Input, joined
from charrnn.text.corpus import checked_ids
from charrnn.text.example_notices import Lengths
from charrnn.text.tokenizers import TOKENIZERS, Characters, Ids as TokenIds, Tokenizer
from charrnn.text.tokenizers.base import smallest_type
from charrnn.text.unknown import known_text, space_of, spans_of_tokens, tagged_ids


class TextInput(Input):
    """Texts: ids (S, B), and their lengths (B,)."""

    has_text = True
    name = "text"
    described = "a text"
    batch_axis = 1
    tagged = True

    @classmethod
    def fits(cls, shape: tuple[int, ...]) -> bool:
        return not shape

    @property
    def aligned(self) -> bool:
        """Whether every character keeps its position, because it may have a target."""
        return self.separator is not None

    @property
    def between(self) -> str:
        """As the base says; subwords do not cross it."""
        separate = "\n" * (self.settings.tokenizer != "char")
        return separate if self.separator is None else self.separator

    def learn(self, texts: Iterable[str]) -> Tokenizer:
        apart = (text + self.between for text in texts)
        return TOKENIZERS[self.settings.tokenizer].learn(apart, self.settings)

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
        if self.aligned:
            if unknown == "error":
                known_text(text, self.tokenizer, "error")
            return tagged_ids(self.tokenizer, text) if text else np.zeros(1, np.uint8)
        text, _ = known_text(text, self.tokenizer, unknown)
        return self.tokenizer.encode(text) if text else np.zeros(1, np.uint8)

    def parameters(self, model: ModelSettings) -> Parameters:
        return TextEncoder.parameters(model, self.tokenizer.size)

    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> TextEncoder:
        return TextEncoder(model, weights)

    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        ids, lengths = items.padded(indices)
        checked_ids(ids.view(np.uint64), self.tokenizer.size)
        return {"inputs": ids, "lengths": lengths}

    def lengths(self, items: Ragged, indices: Indices | range) -> Indices:
        return items.lengths(indices)

    @cached_property
    def space(self) -> int | None:
        """The id that stands between tokens; None where each id is a token."""
        return space_of(self.tokenizer) if self.separator else None

    def spans(self, ids: Array) -> NDArray[np.int64]:
        return np.stack(spans_of_tokens(ids, self.space))

    def tagged_tokens(self, text: str, item: Ids) -> list[str]:  # noqa: ARG002
        return re.findall(r"[^ \t]+" if self.separator else ".", text, re.DOTALL)

    def measured(self, sizes: Indices) -> str:
        units = {"char": "character", "byte": "byte"}
        return f"texts of {Lengths.of(sizes).words(units.get(self.settings.tokenizer, 'token'))}"

    def shown(self, item: Ids, index: int) -> str:  # noqa: ARG002
        return "".join(self.positions(item))

    def longest(self, item: Ids) -> int:
        return 3 * len(item) + 20

    def positions(self, item: Ids) -> list[str]:
        decode = self.tokenizer.decoder()
        return [decode(token) for token in item.tolist()]
