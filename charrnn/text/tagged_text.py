"""Texts whose tokens, or characters, have tags: each keeps its place."""

import numpy as np
from numpy.typing import NDArray

from charrnn.text.tokenizers import Ids, Tokenizer
from charrnn.text.unknown import known_text


def tagged_ids(tokenizer: Tokenizer, text: str) -> Ids:
    """The ids of a text.

    A character that the vocabulary lacks becomes the nearest that it has, or any but a space.
    """
    if unknown := tokenizer.unknown(text):
        other = next((s for s in tokenizer.symbols if s != " " and len(s) == 1), " ")
        text = text.translate({ord(c): _nearest(c, tokenizer, other) for c in unknown})
    return tokenizer.encode(text)


def _nearest(character: str, tokenizer: Tokenizer, other: str) -> str:
    near, _ = known_text(character, tokenizer, "nearest")
    return near if len(near) == 1 and near != " " else other


def space_of(tokenizer: Tokenizer) -> int:
    """The id that stands between tokens."""
    return int(tokenizer.encode(" ")[0])


def places_of_tokens(
    ids: NDArray[np.integer], space: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last place (S,) of each token in ids (T,), which have a space between.

    Without a space each id is a token.
    """
    if space is None:
        places = np.arange(len(ids))
        return places, places
    spaces = np.flatnonzero(ids == space)
    return np.append(0, spaces + 1), np.append(spaces - 1, len(ids) - 1)
