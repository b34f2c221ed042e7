"""What ends a network that reads whole inputs: logits of labels, or of tags."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import (
    Array,
    cross_entropy,
    full_precision,
    linear,
    log_sum_exp,
    namespace,
)
from charrnn.cells.parameters import Parameter, Parameters
from charrnn.network.language_model import head_parameters
from charrnn.network.recurrent_encoder import boundary_states, within
from charrnn.settings import ModelSettings


class Head:
    """A linear layer of K logits, on features of an encoder's outputs."""

    dropout_sizes: Sequence[int] = ()

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights = settings, weights

    def predict(self, features: Array) -> Array:
        """features (..., F) -> logits (..., K)."""
        return linear(features, self.weights["head.weight"], self.weights["head.bias"])


class LabelHead(Head):
    """Outputs of an encoder in, logits of K labels out: of their mean and maximum."""

    @staticmethod
    def parameters(settings: ModelSettings, labels: int) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        return head_parameters(labels, 2 * settings.outputs)

    def logits(self, outputs: Array, mask: Array) -> Array:
        """outputs (S, B, F), mask (S, B) with at least one position a column -> (B, K)."""
        xp, mask_of_features = namespace(outputs), mask[..., None]
        exact = full_precision(outputs)  # bfloat16 has no sum and no length of 257
        lengths = xp.astype(mask.sum(0)[:, None], exact.dtype)
        mean = xp.where(mask_of_features, exact, 0).sum(0) / lengths
        largest = xp.max(xp.where(mask_of_features, outputs, -math.inf), axis=0)
        features = xp.concat((mean, largest), axis=-1)
        return self.predict(features)


class TagHead(Head):
    """Outputs of an encoder and spans in, logits of each span's tag out.

    Those are of the states at the span's boundaries. With a linear-chain conditional random field
    (Lafferty, McCallum and Pereira 2001, https://repository.upenn.edu/cis_papers/159) sequences of
    tags are scored as a whole: each pair of neighbours adds its transition, and the first and the
    last tag theirs.
    """

    @staticmethod
    def parameters(settings: ModelSettings, tags: int) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        crf = {"transitions": (tags, tags), "first": (tags,), "last": (tags,)}
        shapes = crf if settings.crf else {}
        return {
            **head_parameters(tags, settings.outputs),
            **{f"crf.{name}": Parameter(shape) for name, shape in shapes.items()},
        }

    def logits(self, outputs: Array, spans: Array) -> Array:
        """outputs (S, B, F), spans (2, N, B): first and last position of each -> (N, B, K)."""
        hidden = self.settings.hidden_size
        return self.predict(boundary_states(outputs, spans[0], spans[1], hidden))

    def losses(self, logits: Array, tags: Array, lengths: Array) -> Array:
        """The loss (B,) in nats of tags (N, B), of which text b has the first lengths[b]."""
        if self.settings.crf:
            return self._log_partition(logits, lengths) - self._score(logits, tags, lengths)
        return (cross_entropy(full_precision(logits), tags) * within(lengths, len(tags))).sum(0)

    def _score(self, logits: Array, tags: Array, lengths: Array) -> Array:
        """The score (B,) of tags (N, B): their logits and transitions."""
        xp, mask = namespace(logits), within(lengths, len(tags))
        start, transitions, end = self._crf
        chosen = xp.take_along_axis(full_precision(logits), tags[..., None], axis=2)[..., 0]
        pairs = transitions[tags[:-1], tags[1:]]
        last = xp.take_along_axis(tags, lengths[None] - 1, axis=0)[0]
        return (chosen * mask).sum(0) + (pairs * mask[1:]).sum(0) + (start[tags[0]] + end[last])

    def _log_partition(self, logits: Array, lengths: Array) -> Array:
        """The logarithm (B,) of the sum over all sequences of tags: the forward algorithm."""
        xp, mask = namespace(logits), within(lengths, len(logits))
        start, transitions, end = self._crf
        logits = full_precision(logits)
        total = start + logits[0]  # (B, K): of all sequences that end with this tag
        for step in range(1, len(logits)):
            longer = log_sum_exp(total[:, :, None] + transitions, 1) + logits[step]
            total = xp.where(mask[step][:, None], longer, total)
        return log_sum_exp(total + end, 1)

    @property
    def _crf(self) -> tuple[Array, Array, Array]:
        """The start transitions (K,), the transitions (K, K) from, to, the end transitions (K,)."""
        first, between, last = (f"crf.{name}" for name in ("first", "transitions", "last"))
        return self.weights[first], self.weights[between], self.weights[last]

    def likeliest(self, logits: NDArray[np.float32]) -> NDArray[np.int64]:
        """NumPy logits (N, K) of one text -> its tags (N,): the sequence of the highest score."""
        if not self.settings.crf:
            return np.asarray(logits.argmax(-1), np.int64)
        return viterbi(logits, *map(np.asarray, self._crf))


def viterbi(
    logits: NDArray[np.float32],
    start: NDArray[np.float32],
    transitions: NDArray[np.float32],
    end: NDArray[np.float32],
) -> NDArray[np.int64]:
    """The sequence of tags (N,) of the highest score: logits (N, K), transitions (K, K) from, to.

    Viterbi 1967, https://doi.org/10.1109/TIT.1967.1054010.
    """
    score, came_from = start + logits[0], []
    for logit in logits[1:]:
        through = score[:, None] + transitions
        came_from.append(through.argmax(0))
        score = through.max(0) + logit
    tags = [int((score + end).argmax())]
    for origins in reversed(came_from):
        tags.append(int(origins[tags[-1]]))
    return np.array(tags[::-1], np.int64)
