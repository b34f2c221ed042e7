"""Dynamic evaluation: the model keeps learning from the text while it is scored.

Every segment is scored before the model learns from it, so the score is honest; but the model at
the end is another than at the beginning, so it is reported apart from the static score, beside
compressors, which also learn as they read. Krause et al. 2017, https://arxiv.org/abs/1709.07432:
one step of gradient descent per segment, each weight's step divided by the root mean square of its
gradient on the training text, and a pull back to the trained weights that grows with it.
"""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.events import Emit, Progress
from charrnn.inference.score import Score, score_of
from charrnn.network.device import cpu_threads
from charrnn.network.model import CharRNN
from charrnn.network.state import State, detach_state
from charrnn.text.corpus import Tokens, checked_ids
from charrnn.text.tokenizers import Tokenizer

SEGMENT = 20  # tokens between two updates
_LEARNING_RATE = 1e-4  # eta in the paper, tuned on text cut from tiny Shakespeare's training part
_PULL = 0.001  # lambda in the paper, likewise
_ONE_THREAD = 256  # up to this hidden size a second thread does not speed up one stream
_LARGEST = 30.0  # times its usual size that a gradient counts: an overfitted model has tiny ones
_SEGMENTS, _PLACES = 2000, 50  # of the training text that are measured, and where


def evaluate_dynamically(
    model: CharRNN, train: Tokens, tokens: Tokens, tokenizer: Tokenizer, emit: Emit | None = None
) -> Score:
    """Score every token (N,) but the first, as one stream. The given model stays as it is.

    `train` is what the model was trained on. ValueError for fewer than two tokens.
    """
    if len(tokens) < 2:
        raise ValueError("there is nothing to predict in fewer than two tokens")
    one = model.settings.hidden_size <= _ONE_THREAD
    with cpu_threads(1 if one else torch.get_num_threads()):
        live = copy.deepcopy(model).train()  # cuDNN has no backward pass in eval mode; no dropout
        total = _score_and_learn(live, _gradient_sizes(live, train, emit), tokens, emit)
    return score_of(total, tokens, tokenizer)


def _score_and_learn(
    model: CharRNN, sizes: Sequence[Tensor], tokens: Tokens, emit: Emit | None
) -> float:
    """The summed loss of a text, in nats; the model has learned from it afterwards."""
    params = list(model.parameters())
    trained = [p.detach().clone() for p in params]
    mean = max(float(torch.cat([size.flatten() for size in sizes]).mean()), 1e-12)
    pulls = [(_PULL / mean * size).clamp(max=1) for size in sizes]
    scales = [size + 1e-3 * mean for size in sizes]
    total, count = 0.0, len(tokens) - 1
    for done, loss, gradients in _segments(model, tokens):
        total += loss
        with torch.no_grad():
            for p, start, pull, scale, g in zip(
                params, trained, pulls, scales, gradients, strict=True
            ):
                p.add_(pull * (start - p))
                p.add_((g / scale).clamp_(-_LARGEST, _LARGEST), alpha=-_LEARNING_RATE)
        if emit:
            emit(Progress("scoring", done, count))
    return total


def _segments(model: CharRNN, tokens: Tokens) -> Iterator[tuple[int, float, tuple[Tensor, ...]]]:
    """(tokens scored so far, the segment's summed loss, its mean loss's gradients), in order."""
    state: State = model.zero_state(1)
    params = list(model.parameters())
    for first in range(0, len(tokens) - 1, SEGMENT):
        ids = checked_ids(tokens[first : first + SEGMENT + 1], model.vocabulary_size)
        piece = torch.from_numpy(ids.astype(np.int64)).to(model.device)
        logits, state = model(piece[:-1, None], state)
        state = detach_state(state)
        loss = F.cross_entropy(logits[:, 0], piece[1:])
        size = len(piece) - 1
        yield first + size, loss.item() * size, torch.autograd.grad(loss, params)


def _gradient_sizes(model: CharRNN, train: Tokens, emit: Emit | None) -> list[Tensor]:
    """Per weight, the root mean square of its gradient over segments of the training text."""
    squares = [torch.zeros_like(p) for p in model.parameters()]
    count, size = 0, _SEGMENTS * SEGMENT // _PLACES
    for place in range(0, max(1, len(train) - size), max(1, (len(train) - size) // _PLACES)):
        for _, _, gradients in _segments(model, train[place : place + size + 1]):
            for square, gradient in zip(squares, gradients, strict=True):
                square.addcmul_(gradient, gradient)
            count += 1
        if emit:
            emit(Progress("measuring gradients on the training text", count, _SEGMENTS))
    return [(square / count).sqrt() for square in squares]
