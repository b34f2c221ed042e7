"""The recurrent layers of `network.text_encoder` in NumPy: whole texts in, outputs out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.cells import CELLS
from charrnn.cells.base import Array, Weights
from charrnn.settings import ModelSettings

Float32 = NDArray[np.float32]
Texts = Sequence[NDArray[np.integer]]
_TOKENS = 1 << 17  # of texts that are computed together, with their padding


class Encoded(NamedTuple):
    """Outputs (T, B, F), and which of their places (T, B) are within a text."""

    outputs: Float32
    inside: NDArray[np.bool_]


class TextEncoder:
    """The embedding and the recurrent layers, in one or both directions."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Float32]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.cell = settings, CELLS[settings.cell]
        size = len(weights["layers.0.weight_ih"][0])
        self.embedding = np.eye(size, dtype=np.float32)
        if not settings.one_hot:
            self.embedding = weights["embedding.weight"]
        prefixes = ["", "reverse."] if settings.bidirectional else [""]
        self.layers = [
            [prepared(settings, weights, f"layers.{number}.{prefix}") for prefix in prefixes]
            for number in range(settings.layers)
        ]
        """By layer, the weights of each direction."""

    def __call__(self, texts: Texts) -> Encoded:
        """Texts (B), each ids (T,), T > 0. What stands behind a shorter text changes nothing."""
        lengths = np.array([len(text) for text in texts])
        ids = np.zeros((lengths.max(), len(texts)), np.int64)
        for column, text in enumerate(texts):
            ids[: len(text), column] = text
        steps = np.arange(len(ids))[:, None]
        inside = steps < lengths
        backwards = np.where(inside, lengths - 1 - steps, steps)[..., None]
        x = self.embedding[ids]
        for directions in self.layers:
            outputs = [self._run(directions[0], x)]
            for weights in directions[1:]:
                reverse = self._run(weights, np.take_along_axis(x, backwards, 0))
                outputs.append(np.take_along_axis(reverse, backwards, 0))
            x = np.concatenate(outputs, -1)
        return Encoded(x, inside)

    def _run(self, weights: Weights, x: Float32) -> Float32:
        """One layer in one direction: x (T, B, D) -> its outputs (T, B, H)."""
        zeros = np.zeros((x.shape[1], self.settings.hidden_size), np.float32)
        state: tuple[Array, ...] = (zeros,) * len(self.cell.states)
        outputs = []
        for z in self.cell.project(weights, x):
            state = self.cell.step(weights, z, state)
            outputs.append(state[0])
        return np.stack(outputs)


def prepared(settings: ModelSettings, weights: Mapping[str, Float32], prefix: str) -> Weights:
    """The weights of one layer, as its cell's `step` takes them."""
    cell = CELLS[settings.cell]
    return cell.prepare({name: weights[prefix + name] for name in cell.shapes(1, 1)})


def by_length(texts: Texts, together: int) -> list[NDArray[np.int64]]:
    """The numbers of texts, at most so many at a time, those of about one length together."""
    lengths = np.array([len(text) for text in texts], np.int64)
    order, found = np.argsort(lengths, kind="stable"), []
    while len(order):
        size = min(together, len(order))
        while size > 1 and size * lengths[order[size - 1]] > _TOKENS:
            size //= 2
        found.append(order[:size])
        order = order[size:]
    return found
