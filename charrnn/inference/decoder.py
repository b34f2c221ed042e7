"""The networks of `network.encoder_decoder` in NumPy: a source in, a text out, symbol by symbol."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.cells import CELLS
from charrnn.cells.base import Array
from charrnn.inference.picture_encoder import encode_pictures
from charrnn.inference.text_encoder import Float32, TextEncoder, Texts, prepared
from charrnn.settings import ModelSettings

State = tuple[tuple[Array, ...], ...]
"""Per layer, per array of the cell's state: (R, H)."""


@dataclass(frozen=True)
class Source:
    """What an encoder found: outputs (B, S, F), which are there (B, S), a summary (B, F)."""

    outputs: Float32
    inside: NDArray[np.bool_]
    summary: Float32
    keys: Float32 | None = None

    def repeated(self, times: int) -> "Source":
        """Each row `times` times, one after the other: (B * times) rows."""
        rows = np.repeat(np.arange(len(self.inside)), times)
        keys = None if self.keys is None else self.keys[rows]
        return Source(self.outputs[rows], self.inside[rows], self.summary[rows], keys)


class Decoder:
    """A trained network that writes texts."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Float32]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights, self.cell = settings, weights, CELLS[settings.cell]
        self.layers = [
            prepared(settings, weights, f"decoder.layers.{number}.")
            for number in range(settings.layers)
        ]
        self.encoder = None if settings.task == "caption" else TextEncoder(settings, weights)

    def read_texts(self, texts: Texts) -> Source:
        """Run the encoder over texts (B), each ids (T,) with T > 0."""
        assert self.encoder
        x, inside = self.encoder(texts)
        last, columns = inside.sum(0) - 1, np.arange(len(texts))
        hidden = self.settings.hidden_size
        summary = np.concatenate([x[last, columns, :hidden], x[0, :, hidden:]], -1)
        return self._source(x, inside, summary)

    def read_pictures(self, inputs: Float32) -> Source:
        """Run the encoder over pictures (B, 1, height, width) or features (B, cells, D)."""
        x, summary = encode_pictures(self.settings, self.weights, inputs)
        return self._source(x, np.ones(x.shape[:2], bool), summary)

    def _source(self, x: Float32, inside: NDArray[np.bool_], summary: Float32) -> Source:
        outputs = x.transpose(1, 0, 2)
        additive = self.settings.attention == "additive"
        keys = outputs @ self.weights["attention.key"].T if additive else None
        return Source(outputs, inside.T, summary, keys)

    def first_state(self, source: Source) -> State:
        """The state before a text, for each row of the source."""
        weight, bias = (self.weights[f"decoder.first_state.{name}"] for name in ("weight", "bias"))
        parts = np.split(
            np.tanh(source.summary @ weight.T + bias),
            self.settings.layers * len(self.cell.states), -1,
        )  # fmt: skip
        size = len(self.cell.states)
        return tuple(tuple(parts[n : n + size]) for n in range(0, len(parts), size))

    def step(
        self, symbols: NDArray[np.int64], state: State, source: Source
    ) -> tuple[Float32, State, Float32]:
        """Symbols (R,), one for each row of the source -> log-probabilities of the next (R, K + 1).

        With the state after it, and the attention (R, S) that was paid to each place.
        """
        x = self.weights["decoder.embedding.weight"][symbols]
        after: list[tuple[Array, ...]] = []
        context, attention = x[:, :0], np.zeros(source.inside.shape, np.float32)
        for number, (weights, before) in enumerate(zip(self.layers, state, strict=True)):
            z = self.cell.project(weights, np.concatenate([x, context], -1))
            after.append(self.cell.step(weights, z, before))
            x = after[-1][0]
            if number == 0:
                context, attention = self._attend(source, x)
        features = np.concatenate([x, context], -1)
        logits = features @ self.weights["head.weight"].T + self.weights["head.bias"]
        logits -= logits.max(-1, keepdims=True)
        log_probabilities: Float32 = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        return log_probabilities, tuple(after), attention

    def _attend(self, source: Source, x: Float32) -> tuple[Float32, Float32]:
        """x (R, H) -> what is found in the source (R, F), and the attention (R, S)."""
        if self.settings.attention == "none":
            return source.summary, np.zeros(source.inside.shape, np.float32)
        query = x @ self.weights["attention.query"].T
        if source.keys is None:
            scores = np.einsum("rf,rsf->rs", query, source.outputs)
            scores *= np.float32(source.outputs.shape[-1] ** -0.5)
        else:
            scores = np.tanh(source.keys + query[:, None]) @ self.weights["attention.score"]
        scores = np.where(source.inside, scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return np.einsum("rs,rsf->rf", weights, source.outputs), weights
