"""The mean loss of a model over a text.

*stream* carries the state through the whole text, as a reader would. To use the machine well the
text is cut into sequences that are scored side by side, and each sequence first reads, unscored,
the tokens before its own, so that its state is what the stream's would be.

*cold windows of N tokens* (`context`) cuts the text into pieces of N tokens that each start from a
zero state, as nanoGPT scores.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.engine.devices import autocast
from charrnn.engine.module import Module
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.engine.threads import BatchThreads
from charrnn.events import Emit, Progress
from charrnn.inference.score import SEQUENCES, Score, cut_stream, score_of
from charrnn.network.language_model import LanguageModel
from charrnn.text.corpus import Tokens, checked_ids
from charrnn.text.tokenizers import Tokenizer

_CHUNK = 256  # steps computed at once, which bounds the memory


def evaluate(
    model: Module[LanguageModel],
    tokens: Tokens,
    tokenizer: Tokenizer,
    context: int | None = None,
    emit: Emit | None = None,
    *,
    bf16: bool = False,
    ranks: Ranks = ALONE,
) -> Score:
    """Score every token (N,) but the first, which nothing predicts.

    `context`: tokens of a cold window; None scores one stream. `bf16`: products in bfloat16, for a
    validation during training. Each of several `ranks` scores its part. ValueError for fewer than
    two tokens.
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
    emit: Emit | None = None,
) -> NDArray[np.float32]:
    """The loss, in nats, of every token (N,) but the first: (N - 1,), in the text's order.

    As in `evaluate`, whose loss is their mean. ValueError for fewer than two tokens.
    """
    found = np.zeros(max(0, len(tokens) - 1), np.float32)
    for places, losses in _scored(model, tokens, context, emit):
        found[places] = losses
    return found


def _scored(
    model: Module[LanguageModel],
    tokens: Tokens,
    context: int | None,
    emit: Emit | None,
    *,
    bf16: bool = False,
    ranks: Ranks = ALONE,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Every place (K,) that a token is predicted from, once, and the losses (K,): by chunks."""
    count = len(tokens) - 1
    if count < 1:
        raise ValueError("there is nothing to predict in fewer than two tokens")
    done = 0
    for starts, size, warm_up in _batches(model, count, context):
        mine = starts[ranks.part(len(starts))]
        if not len(mine):
            continue
        for places, losses in _losses(model, tokens, mine, size, warm_up, bf16):
            yield places, losses
            done += losses.size
            if emit:
                emit(Progress("scoring", done, count))


def _batches(
    model: Module[LanguageModel], count: int, context: int | None
) -> Iterator[tuple[NDArray[np.int64], int, int]]:
    """(start of each sequence, tokens per sequence, tokens to read before them), batch by batch."""
    if context is None:
        yield cut_stream(count, CELLS[model.settings.cell].alignment)
        return
    size = min(context, count)
    starts = np.arange(0, count, size)
    together = max(1, SEQUENCES * _CHUNK // size)
    for first in range(0, len(starts), together):
        yield starts[first : first + together], size, 0


def _losses(
    model: Module[LanguageModel],
    tokens: Tokens,
    starts: NDArray[np.int64],
    size: int,
    warm_up: int,
    bf16: bool,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Places and losses, in nats, of `size` tokens from each start, as far as the text goes."""
    device, last = model.device, len(tokens) - 1
    threads = BatchThreads(device, len(starts), model.settings.hidden_size)
    states = {
        part.start: model.network.zero_state(part.stop - part.start) for part in threads.slices
    }

    def ids_at(places: NDArray[np.int64]) -> Tensor:
        ids = checked_ids(tokens[places.clip(0, last)], model.network.vocabulary_size)
        return torch.from_numpy(ids.astype(np.int64)).to(device)

    def losses_of(begin: int, places: NDArray[np.int64], part: slice) -> NDArray[np.float32]:
        places, state = places[:, part], states[part.start]
        if begin == 0 and warm_up:  # the very first sequence has nothing before it
            warm = torch.from_numpy(starts[part, None] > 0).to(device)
            state = tuple(tuple(array * warm for array in layer) for layer in state)
        with torch.no_grad(), autocast(device, bf16):
            logits, states[part.start] = model.network.forward(ids_at(places), state)
            targets = ids_at(places + 1)
            losses = F.cross_entropy(
                logits.float().flatten(0, 1), targets.flatten(), reduction="none"
            )
        found: NDArray[np.float32] = losses.view(targets.shape).cpu().numpy()
        return found

    for begin in (*range(-warm_up, 0, _CHUNK), *range(0, size, _CHUNK)):
        steps = np.arange(begin, min(begin + _CHUNK, size if begin >= 0 else 0))[:, None]
        places = starts + steps
        parts = threads.map(partial(losses_of, begin, places))
        if begin >= 0:
            inside = places < last
            yield places[inside], np.concatenate(parts, axis=1)[inside]
