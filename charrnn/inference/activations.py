"""What happens inside a network while it reads a text: surprise, hidden units, gates."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import cross_entropy
from charrnn.inference.sampling import check_finite, start_of
from charrnn.network.language_model import LanguageModel
from charrnn.text.tokenizers import Ids, Tokenizer, valid_unicode

_CHUNK = 512  # tokens read at once

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Activations:
    """What a network made of N tokens of a text.

    `ids` (N,) are the tokens; `text` has the characters that each completes, perhaps none; `bits`
    (N,) is how surprising each was after all before it. `units` and `gates` are the values after
    each token, (N, H) by name: "1.c" is the state c of the first layer, "2.forget" the forget gate
    of the second; `logits` (N, V) are those of the token after it.
    """

    ids: Ids
    text: list[str]
    bits: Values
    units: dict[str, Values]
    gates: dict[str, Values]
    logits: Values

    @classmethod
    def joined(cls, pieces: Iterable["Activations"]) -> Self:
        """Those of a whole text (N tokens, at least one), which was read in pieces."""
        read = [*pieces]

        def by_name(values: list[dict[str, Values]]) -> dict[str, Values]:
            return {name: np.concatenate([each[name] for each in values]) for name in values[0]}

        return cls(
            np.concatenate([piece.ids for piece in read]),
            [text for piece in read for text in piece.text],
            np.concatenate([piece.bits for piece in read]),
            by_name([piece.units for piece in read]),
            by_name([piece.gates for piece in read]),
            np.concatenate([piece.logits for piece in read]),
        )


def read_text(
    network: LanguageModel, tokenizer: Tokenizer, ids: Ids, *, gates: bool = True
) -> Iterator[Activations]:
    """Read a text, ids (N,), from its beginning, in pieces of at most 512 tokens.

    `gates`: compute those, too. DivergedError if logits are not finite.
    """
    decode = tokenizer.decoder()
    with np.errstate(all="ignore"):
        start = network.trace(tokenizer.encode(start_of(tokenizer)), network.zero_state())
    logits, state = start.logits[-1:], start.last_state
    for first in range(0, len(ids), _CHUNK):
        piece = ids[first : first + _CHUNK]
        with np.errstate(all="ignore"):
            run = network.trace(piece, state, gates=gates)
        predictions = np.concatenate([logits, run.logits[:-1]])
        check_finite(bool(np.isfinite(predictions).all()))
        yield Activations(
            piece,
            [valid_unicode(decode(int(token))) for token in piece],
            cross_entropy(predictions, piece) / np.float32(math.log(2)),
            {
                f"{number}.{name}": values
                for number, layer in enumerate(run.units, 1)
                for name, values in layer.items()
            },
            {f"{n}.{k}": v for n, layer in enumerate(run.gates, 1) for k, v in layer.items()},
            run.logits,
        )
        logits, state = run.logits[-1:], run.last_state
