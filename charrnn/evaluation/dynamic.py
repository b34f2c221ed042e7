"""Dynamic evaluation: the model keeps learning from the text while it is scored.

Every segment is scored before the model learns from it, so the score is honest; but the model at
the end is another than at the beginning, so it is reported apart from the static score, beside
compressors, which also learn as they read. Krause et al. 2017, https://arxiv.org/abs/1709.07432:
one step of gradient descent per segment, each weight's step divided by the root mean square of its
gradient on the training text, and a pull back to the trained weights that grows with it.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charrnn.cells.arrays import mean_cross_entropy
from charrnn.engine.devices import cpu_threads
from charrnn.engine.module import Module
from charrnn.events import Emit, Progress
from charrnn.inference.score import Score, check_scorable, score_of
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State, detach_state
from charrnn.text.corpus import Tokens, checked_ids
from charrnn.text.tokenizers import Tokenizer

SEGMENT = 20  # tokens between two updates
_LEARNING_RATE = 1e-4  # eta in the paper, tuned on text cut from tiny Shakespeare's training part
_PULL = 0.001  # lambda in the paper, likewise
_ONE_THREAD = 256  # up to this hidden size a second thread does not speed up one stream
_LARGEST = 30.0  # times its usual size that a gradient counts: an overfitted model has tiny ones
_SEGMENTS, _SAMPLES = 2000, 50  # of the training text that are measured, in so many samples


class Learner:
    """A model that learns from a text, segment by segment. The given model stays as it is.

    `train` (N,) is what it was trained on, from which it takes the usual size of each gradient.
    """

    segment = SEGMENT

    def __init__(
        self, model: Module[LanguageModel], train: Tokens, emit: Emit = lambda _: None
    ) -> None:
        live = model.clone()  # without dropout
        sizes = _gradient_sizes(live, train, emit)
        mean = max(float(torch.cat([size.flatten() for size in sizes]).mean()), 1e-12)
        self._model, self._params = live, list(live.parameters())
        self._trained = [p.detach().clone() for p in self._params]
        self._pulls = [(_PULL / mean * size).clamp(max=1) for size in sizes]
        self._scales = [size + 1e-3 * mean for size in sizes]
        self._state = live.network.zero_state(1)

    def learn(self, ids: Tokens) -> float:
        """The mean loss of ids (T + 1,) but the first, in nats, before it learns from them.

        They go on from those before them, the last of which they begin with.
        """
        loss, gradients, self._state = _gradients(self._model, ids, self._state)
        with torch.no_grad():
            for p, start, pull, scale, g in zip(
                self._params, self._trained, self._pulls, self._scales, gradients, strict=True
            ):
                p.add_(pull * (start - p))
                p.add_((g / scale).clamp_(-_LARGEST, _LARGEST), alpha=-_LEARNING_RATE)
        return loss

    @torch.no_grad()
    def restart(self) -> None:
        """Forget what was learned, and be at the beginning of a text."""
        for p, trained in zip(self._params, self._trained, strict=True):
            p.copy_(trained)
        self._state = self._model.network.zero_state(1)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights by name, on the CPU: not copies, so they change as the model learns."""
        return {name: p.detach().numpy() for name, p in self._model.named_parameters()}


def evaluate_dynamically(
    model: Module[LanguageModel],
    train: Tokens,
    tokens: Tokens,
    tokenizer: Tokenizer,
    emit: Emit = lambda _: None,
) -> Score:
    """Score every token (N,) but the first, as one stream. The given model stays as it is.

    `train` is what the model was trained on. Errors as `evaluate`.
    """
    check_scorable(tokens)
    one = model.settings.hidden_size <= _ONE_THREAD
    total, count = 0.0, len(tokens) - 1
    with cpu_threads(1 if one else torch.get_num_threads()):
        learner = Learner(model, train, emit)
        for first in range(0, count, SEGMENT):
            ids = tokens[first : first + SEGMENT + 1]
            total += learner.learn(ids) * (len(ids) - 1)
            emit(Progress("scoring", first + len(ids) - 1, count))
    return score_of(total, tokens, tokenizer)


def _gradients(
    model: Module[LanguageModel], tokens: Tokens, state: State
) -> tuple[float, tuple[Tensor, ...], State]:
    """The mean loss of tokens (T + 1,) but the first, its gradients, the state after them."""
    ids = checked_ids(tokens, model.network.vocabulary_size)
    piece = torch.from_numpy(ids.astype(np.int64)).to(model.device)
    logits, state = model.network.forward(piece[:-1, None], state)
    loss = mean_cross_entropy(logits[:, 0], piece[1:])
    return loss.item(), torch.autograd.grad(loss, list(model.parameters())), detach_state(state)


def _gradient_sizes(model: Module[LanguageModel], train: Tokens, emit: Emit) -> list[Tensor]:
    """Per weight, the root mean square of its gradient over segments of the training text."""
    squares = [torch.zeros_like(p) for p in model.parameters()]
    count, size = 0, _SEGMENTS * SEGMENT // _SAMPLES
    latest = len(train) - size
    for start in range(0, max(1, latest), max(1, latest // _SAMPLES)):
        state, part = model.network.zero_state(1), train[start : start + size + 1]
        for first in range(0, len(part) - 1, SEGMENT):
            ids = part[first : first + SEGMENT + 1]
            _, gradients, state = _gradients(model, ids, state)
            for square, gradient in zip(squares, gradients, strict=True):
                square.addcmul_(gradient, gradient)
            count += 1
        emit(Progress("measuring gradients on the training text", count, _SEGMENTS))
    return [(square / count).sqrt() for square in squares]
