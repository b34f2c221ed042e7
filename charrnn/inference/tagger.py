"""The network of `network.tagger` in NumPy: texts in, the tags of their tokens out."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.inference.text_encoder import Float32, TextEncoder, Texts, by_length
from charrnn.settings import ModelSettings
from charrnn.text.unknown import spans_of_tokens

_TOGETHER = 64  # texts computed at once


class Tagged(NamedTuple):
    """The tags (S,) of a text's tokens by number, their logits (S, K), the tokens' ends (S,)."""

    tags: NDArray[np.int64]
    logits: Float32
    first: NDArray[np.int64]
    last: NDArray[np.int64]


class Tagger:
    """A trained network for tags. `space`: the id between tokens; None if each id is one."""

    def __init__(
        self, settings: ModelSettings, weights: Mapping[str, Float32], space: int | None
    ) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights, self.space = settings, weights, space
        self.encoder = TextEncoder(settings, weights)

    def tags(self, texts: Texts) -> list[Tagged]:
        """The tags of texts (N), each token ids (T,) with T > 0: the likeliest sequence of each."""
        found: dict[int, Tagged] = {}
        for some in by_length(texts, _TOGETHER):
            outputs, _ = self.encoder([texts[number] for number in some])
            for column, number in enumerate(some.tolist()):
                first, last = spans_of_tokens(texts[number], self.space)
                logits = self._logits(outputs[:, column], first, last)
                found[number] = Tagged(self.decoded(logits), logits, first, last)
        return [found[number] for number in range(len(texts))]

    def _logits(self, x: Float32, first: NDArray[np.int64], last: NDArray[np.int64]) -> Float32:
        """One text's outputs (T, F) -> logits (S, K) of its tokens."""
        hidden = self.settings.hidden_size
        features = np.concatenate([x[last, :hidden], x[first, hidden:]], -1)
        logits: Float32 = features @ self.weights["head.weight"].T + self.weights["head.bias"]
        return logits

    def decoded(self, logits: Float32) -> NDArray[np.int64]:
        """Logits (S, K) of one text -> its tags (S,)."""
        if not self.settings.crf:
            return np.asarray(logits.argmax(-1), np.int64)
        return viterbi(logits, *self._crf)

    def loss(self, logits: Float32, tags: NDArray[np.int64]) -> float:
        """The loss in nats of a text's tags (S,), given their logits (S, K)."""
        exact, places = logits.astype(np.float64), np.arange(len(tags))
        if not self.settings.crf:
            return float((_log_sum(exact) - exact[places, tags]).sum())
        transitions, first, last = self._crf
        score = exact[places, tags].sum() + transitions[tags[:-1], tags[1:]].sum()
        total = first + exact[0]
        for logit in exact[1:]:
            total = _log_sum((total[:, None] + transitions).T) + logit
        return float(_log_sum(total + last) - score - first[tags[0]] - last[tags[-1]])

    @property
    def _crf(self) -> tuple[Float32, Float32, Float32]:
        transitions, first, last = (f"crf.{name}" for name in ("transitions", "first", "last"))
        return self.weights[transitions], self.weights[first], self.weights[last]


def _log_sum(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the sum of exponentials along the last axis: (..., K) -> (...)."""
    most = x.max(-1, keepdims=True)
    found: NDArray[np.float64] = np.log(np.exp(x - most).sum(-1)) + most[..., 0]
    return found


def viterbi(
    logits: Float32, transitions: Float32, first: Float32, last: Float32
) -> NDArray[np.int64]:
    """The sequence of tags (S,) of the highest score: logits (S, K), transitions (K, K) from, to.

    Viterbi 1967, https://doi.org/10.1109/TIT.1967.1054010.
    """
    score, came_from = first + logits[0], []
    for logit in logits[1:]:
        through = score[:, None] + transitions
        came_from.append(through.argmax(0))
        score = through.max(0) + logit
    tags = [int((score + last).argmax())]
    for origins in reversed(came_from):
        tags.append(int(origins[tags[-1]]))
    return np.array(tags[::-1], np.int64)
