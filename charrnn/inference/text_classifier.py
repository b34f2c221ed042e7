"""The network of `network.classifier` in NumPy: texts in, probabilities of their labels out."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from charrnn.cells import CELLS
from charrnn.cells.base import Array, Weights
from charrnn.settings import ModelSettings

Float32 = NDArray[np.float32]
_TOGETHER = 64  # texts computed at once


class TextClassifier:
    """A trained network for labels."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Float32]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.cell = settings, CELLS[settings.cell]
        self.head, self.head_bias = weights["head.weight"], weights["head.bias"]
        size = len(weights["layers.0.weight_ih"][0])
        self.embedding = np.eye(size, dtype=np.float32)
        if not settings.one_hot:
            self.embedding = weights["embedding.weight"]
        names = self.cell.shapes(1, 1)
        self.layers: list[list[Weights]] = []
        """By layer, the weights of each direction."""
        for number in range(settings.layers):
            prefixes = [f"layers.{number}."]
            if settings.bidirectional:
                prefixes.append(f"layers.{number}.reverse.")
            self.layers.append(
                [self.cell.prepare({name: weights[p + name] for name in names}) for p in prefixes]
            )

    def probabilities(self, texts: Sequence[NDArray[np.integer]]) -> Float32:
        """Texts (N), each token ids (T,) with T > 0 -> probabilities (N, K) of the labels."""
        found = np.zeros((len(texts), len(self.head)), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for first in range(0, len(order), _TOGETHER):
            some = order[first : first + _TOGETHER]
            logits = self._logits([texts[number] for number in some])
            weights = np.exp(logits - logits.max(-1, keepdims=True))
            found[some] = weights / weights.sum(-1, keepdims=True)
        return found

    def _logits(self, texts: Sequence[NDArray[np.integer]]) -> Float32:
        """(B) texts -> (B, K). What stands behind a shorter text changes nothing."""
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
        mean = (x * inside[..., None]).sum(0) / lengths[:, None].astype(np.float32)
        largest = np.where(inside[..., None], x, -np.inf).max(0)
        logits: Float32 = np.concatenate([mean, largest], -1) @ self.head.T + self.head_bias
        return logits

    def _run(self, weights: Weights, x: Float32) -> Float32:
        """One layer in one direction: x (T, B, D) -> its outputs (T, B, H)."""
        zeros = np.zeros((x.shape[1], self.settings.hidden_size), np.float32)
        state: tuple[Array, ...] = (zeros,) * len(self.cell.states)
        outputs = []
        for z in self.cell.project(weights, x):
            state = self.cell.step(weights, z, state)
            outputs.append(state[0])
        return np.stack(outputs)
