"""The mean loss of a model over a text.

*stream* carries the state through the whole text, as a reader would. To use the machine well the
text is cut into sequences that are scored side by side, and each sequence first reads, unscored,
the tokens before its own, so that its state is what the stream's would be.

*cold windows of N tokens* (`context`) cuts the text into pieces of N tokens that each start from a
zero state, as nanoGPT scores.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charrnn.cells import CELLS
from charrnn.cells.arrays import cross_entropy, full_precision
from charrnn.engine.devices import autocast
from charrnn.engine.module import Module
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.engine.threads import BatchThreads
from charrnn.events import Emit, Progress
from charrnn.inference.score import (
    SEQUENCES,
    Losses,
    Read,
    Score,
    Sequences,
    check_scorable,
    cut_stream,
    read_sequences,
    score_of,
)
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State, join_states, slice_state
from charrnn.text.corpus import Tokens, checked_ids
from charrnn.text.tokenizers import Ids, Tokenizer

_CHUNK = 256  # steps computed at once, which bounds the memory


def evaluate(
    model: Module[LanguageModel],
    tokens: Tokens,
    tokenizer: Tokenizer,
    context: int | None = None,
    emit: Emit = lambda _: None,
    *,
    bf16: bool = False,
    ranks: Ranks = ALONE,
) -> Score:
    """Score every token (N,) but the first, which nothing predicts.

    `context`: tokens of a cold window; None scores one stream. `bf16`: products in bfloat16, for a
    validation during training. Each of several `ranks` scores its part. TextError for fewer than
    two tokens, DivergedError if the loss is not finite.
    """
    total = 0.0
    for _, losses in _scored(model, tokens, context, emit, bf16=bf16, ranks=ranks):
        total += float(losses.sum(dtype=np.float64))
    (total,) = ranks.sums(total)
    return score_of(total, tokens, tokenizer)


def token_losses(
    model: Module[LanguageModel],
    tokens: Tokens,
    context: int | None = None,
    emit: Emit = lambda _: None,
) -> Losses:
    """The loss, in nats, of every token (N,) but the first: (N - 1,), in the text's order.

    As in `evaluate`, whose loss is their mean. TextError for fewer than two tokens.
    """
    in_order = np.zeros(max(0, len(tokens) - 1), np.float32)
    for positions, losses in _scored(model, tokens, context, emit):
        in_order[positions] = losses
    return in_order


def _scored(
    model: Module[LanguageModel],
    tokens: Tokens,
    context: int | None,
    emit: Emit,
    *,
    bf16: bool = False,
    ranks: Ranks = ALONE,
) -> Iterator[tuple[NDArray[np.int64], Losses]]:
    """The positions (K,) that tokens are predicted from, each once, and the losses (K,)."""
    check_scorable(tokens)
    count, done = len(tokens) - 1, 0
    for sequences in _batches(model, count, context):
        starts = sequences.starts[ranks.part(len(sequences.starts))]
        if not len(starts):
            continue
        read, state = torch_reader(model, len(starts), bf16), model.network.zero_state(len(starts))
        mine = sequences._replace(starts=starts)
        for positions, losses in read_sequences(read, state, tokens, mine, _CHUNK):
            yield positions, losses
            done += losses.size
            emit(Progress("scoring", done, count))


def _batches(model: Module[LanguageModel], count: int, context: int | None) -> Iterator[Sequences]:
    """The sequences of a text, or its cold windows, batch by batch."""
    if context is None:
        yield cut_stream(count, CELLS[model.settings.cell])
        return
    size = min(context, count)
    starts = np.arange(0, count, size)
    together = max(1, SEQUENCES * _CHUNK // size)
    for first in range(0, len(starts), together):
        yield Sequences(starts[first : first + together], size, 0)


def torch_reader(model: Module[LanguageModel], batch_size: int, bf16: bool = False) -> Read:
    """What reads sequences, in threads that split them."""
    network, device = model.network, model.device
    threads = BatchThreads(device, batch_size, model.settings.hidden_size)

    def tensor(ids: Ids) -> Tensor:
        checked = checked_ids(ids, network.vocabulary_size).astype(np.int64)
        return torch.from_numpy(checked).to(device)

    def read(ids: Ids, targets: Ids, state: State) -> tuple[Losses, State]:
        def read_part(part: slice) -> tuple[Losses, State]:
            with torch.no_grad(), autocast(device, bf16):
                before = slice_state(state, part)
                logits, after = network.forward(tensor(ids[:, part]), before)
                losses = cross_entropy(full_precision(logits), tensor(targets[:, part]))
            return losses.cpu().numpy(), after

        losses, states = zip(*threads.map(read_part), strict=True)
        return np.concatenate(losses, axis=1), join_states(states)

    return read
