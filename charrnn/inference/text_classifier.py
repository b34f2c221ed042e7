"""The network of `network.classifier` in NumPy: texts in, probabilities of their labels out."""

from collections.abc import Mapping

import numpy as np

from charrnn.inference.text_encoder import Float32, TextEncoder, Texts, by_length
from charrnn.settings import ModelSettings

_TOGETHER = 64  # texts computed at once


class TextClassifier:
    """A trained network for labels."""

    def __init__(
        self, settings: ModelSettings, weights: Mapping[str, Float32], *, multi_label: bool = False
    ) -> None:
        """`weights` by their names in a checkpoint. `multi_label`: a text may have several."""
        self.encoder = TextEncoder(settings, weights)
        self.head, self.head_bias = weights["head.weight"], weights["head.bias"]
        self.multi_label = multi_label

    def probabilities(self, texts: Texts) -> Float32:
        """Texts (N), each token ids (T,) with T > 0 -> probabilities (N, K) of the labels."""
        logits = self.logits(texts)
        if self.multi_label:
            several: Float32 = 0.5 * np.tanh(0.5 * logits) + 0.5
            return several
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        found: Float32 = weights / weights.sum(-1, keepdims=True)
        return found

    def logits(self, texts: Texts) -> Float32:
        """Texts (N), each token ids (T,) with T > 0 -> logits (N, K) of the labels."""
        found = np.zeros((len(texts), len(self.head)), np.float32)
        for some in by_length(texts, _TOGETHER):
            found[some] = self._logits([texts[number] for number in some])
        return found

    def _logits(self, texts: Texts) -> Float32:
        """(B) texts -> (B, K)."""
        x, inside = self.encoder(texts)
        lengths = inside.sum(0)[:, None].astype(np.float32)
        mean = (x * inside[..., None]).sum(0) / lengths
        largest = np.where(inside[..., None], x, -np.inf).max(0)
        logits: Float32 = np.concatenate([mean, largest], -1) @ self.head.T + self.head_bias
        return logits
