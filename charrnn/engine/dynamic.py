"""Dynamic evaluation: the model goes on learning from the text while it is scored.

Every segment is scored before it is learned from, so the score is honest; but it is another model
that is scored at the end than at the beginning, so it stands apart from the static figure, beside
compressors that learn as they go. Krause et al. 2017, https://arxiv.org/abs/1709.07432: one step of
gradient descent a segment, each weight's step divided by the size that its gradients had on the
training text, and a pull back to the trained weights that is stronger where that size is large.
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.engine.device import threads
from charrnn.engine.evaluate import Score, scored
from charrnn.engine.model import CharRNN, State, detached
from charrnn.events import Emit, Progress
from charrnn.text.corpus import Tokens, known
from charrnn.text.tokenizers import Tokenizer

SEGMENT = 20  # tokens between two updates
_RATE = 1e-4  # eta in the paper. Both were tuned on text cut from tiny Shakespeare's training part.
_PULL = 0.001  # lambda in the paper
_NARROW = 256  # products of one stream that two threads reckon no faster, and beside others slower
_LARGEST = 30.0  # times its usual size that a gradient counts: what was learned by heart has none
_SEGMENTS, _PLACES = 2000, 50  # of the training text, and where, to see how large gradients are


def evaluate_dynamically(
    model: CharRNN, train: Tokens, tokens: Tokens, tokenizer: Tokenizer, emit: Emit | None = None
) -> Score:
    """Score every token (N,) but the first, in one stream. The model given stays as it is.

    `train` is what the model was trained on. Raises ValueError for fewer than two tokens.
    """
    with threads(1 if model.settings.width <= _NARROW else torch.get_num_threads()):
        return _evaluate(model, train, tokens, tokenizer, emit)


def _evaluate(
    model: CharRNN, train: Tokens, tokens: Tokens, tokenizer: Tokenizer, emit: Emit | None
) -> Score:
    if len(tokens) < 2:
        raise ValueError("there is nothing to predict in fewer than two tokens")
    live = copy.deepcopy(model).train()  # cuDNN goes back in no other mode; nothing is dropped
    params = list(live.parameters())
    trained = [p.detach().clone() for p in params]
    sizes = _gradient_sizes(live, train, emit)
    mean = max(float(torch.cat([size.flatten() for size in sizes]).mean()), 1e-12)
    pulls = [(_PULL / mean * size).clamp(max=1) for size in sizes]
    usual = [size + 1e-3 * mean for size in sizes]
    total, count = 0.0, len(tokens) - 1
    for done, loss, gradients in _segments(live, tokens):
        total += loss
        with torch.no_grad():
            for p, start, pull, size, g in zip(
                params, trained, pulls, usual, gradients, strict=True
            ):
                p.add_(pull * (start - p))
                p.add_((g / size).clamp_(-_LARGEST, _LARGEST), alpha=-_RATE)
        if emit:
            emit(Progress("scoring", done, count))
    return scored(total, tokens, tokenizer)


def _segments(model: CharRNN, tokens: Tokens) -> Iterator[tuple[int, float, tuple[Tensor, ...]]]:
    """(tokens scored so far, the segment's summed loss, its mean loss's gradients), in order."""
    device = model.head_bias.device
    state: State = model.zero_state(1)
    params = list(model.parameters())
    for first in range(0, len(tokens) - 1, SEGMENT):
        read = known(tokens[first : first + SEGMENT + 1], len(model.head_bias))
        piece = torch.from_numpy(read.astype(np.int64)).to(device)
        logits, state = model(piece[:-1, None], state)
        state = detached(state)
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
            emit(Progress("looking at the training text", count, _SEGMENTS))
    return [(square / count).sqrt() for square in squares]
