"""How far back a network learns from: gradients over many steps, which vanish or explode.

Hochreiter 1991; Bengio et al. 1994, https://doi.org/10.1109/72.279181; Pascanu et al. 2013,
https://arxiv.org/abs/1211.5063.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from charrnn.cells import CELLS
from charrnn.engine.device import fitting_memory
from charrnn.engine.model import CharRNN, Layer, LayerState
from charrnn.engine.score import corpus_of
from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.events import Emit, Progress
from charrnn.runs import load_run
from charrnn.settings import ModelSettings
from charrnn.text.corpus import Tokens, known
from charrnn.text.source import opened, pieces, tokens_of
from charrnn.text.tokenizers import Characters

STEPS = 200
_WARM = 64  # steps before those, so that the state is no longer the zeros it starts from
_PLACES = 32  # of the text, of which the median counts
_DRAWN = 8  # untrained networks: each grows or dies a little differently
_NUMBERS = 4096  # of a step that are kept for going back: lanes times layers times width


@dataclass(frozen=True)
class Reach:
    """How strongly the loss depends on the state of one layer (all its arrays) k steps before.

    `norms` (K + 1,) are of its gradient, in multiples of that for k = 0: each the median over many
    places. `singular` has the largest singular values of `weight_hh`, gate by gate; of several
    models, the first one's.
    """

    layer: int
    norms: list[float]
    singular: list[float]

    @property
    def decades_per_step(self) -> float | None:
        """Powers of ten that a step back multiplies the gradient by; None if nothing comes back."""
        found = np.array(self.norms[1:])
        k = np.flatnonzero(found > 0)
        return float(np.polyfit(k, np.log10(found[k]), 1)[0]) if len(k) > 1 else None


def of_run(
    name: str | None, text: str | None, encoding: str, emit: Emit
) -> tuple[str, list[Reach]]:
    """A run's title and reach, on a text or else on the validation part of its corpus."""
    run = load_run(name, emit)
    if text is None:
        tokens = corpus_of(run, "name a text with --text").part("valid")
        if len(tokens) < 3:
            raise TextError(f"{run.run} has no validation part", "Name a text with --text.")
    else:
        tokens = tokens_of(text, run.tokenizer, encoding)
    model = CharRNN(run.model, run.tokenizer.size, fused=False)
    model.load(run.weights)
    title = f"{run.run}, {run.model.cell} {run.model.size}"
    return title, reach([lambda: model], tokens, emit)


def of_untrained(
    model: ModelSettings, gain: float | None, text: str, encoding: str, emit: Emit
) -> tuple[str, list[Reach]]:
    """The title and reach of networks that have learned nothing: see `reach` and `scale`."""
    tokenizer, tokens = _read(text, encoding)
    torch.manual_seed(1)

    def draw() -> CharRNN:
        with fitting_memory():
            network = CharRNN(model, tokenizer.size, fused=False)
        if gain is not None:
            scale(network, gain)
        return network

    title = f"untrained {model.cell} {model.size}"
    if gain is not None:
        title += f", recurrent variance {gain:g}/n"
    return title, reach([draw] * _DRAWN, tokens, emit)


def _read(text: str, encoding: str) -> tuple[Characters, Tokens]:
    with opened(text) as file:
        name = "stdin" if text == "-" else text
        read = "".join(pieces(file, name, encoding, raw=False))
    if not read:
        raise TextError(f"there is nothing in {name}", "Take a longer text.")
    tokenizer = Characters.learn([read])
    return tokenizer, tokenizer.encode(read)


@torch.no_grad()
def scale(model: CharRNN, gain: float) -> None:
    """Begin anew with recurrent weights of variance gain / n, n being the units they come from."""
    cell = model.settings.cell
    if "weight_hh" not in CELLS[cell].shapes(1, 1):
        raise UsageError(f"{cell} has no recurrent matrix", "Leave --gain out.")
    for layer in model.layers:
        assert isinstance(layer.weight_hh, Tensor)
        layer.weight_hh.normal_(0, math.sqrt(gain / layer.weight_hh.shape[1]))


def reach(models: Sequence[Callable[[], CharRNN]], tokens: Tokens, emit: Emit) -> list[Reach]:
    """Each layer's, the first layer first, on a text (N,) of at least three tokens (or TextError).

    Of several models (of one size) each is made for its share of the places, and becomes double.
    """
    steps = min(STEPS, len(tokens) - 2)
    if steps < 1:
        raise TextError("the text has less than three tokens", "Take a longer one.")
    warm = min(_WARM, len(tokens) - 2 - steps)
    last = len(tokens) - steps - warm - 2
    starts = np.linspace(0, last, max(len(models), min(_PLACES, last + 1))).astype(int)
    found: list[NDArray[np.float64]] = []
    singular: list[list[float]] = []
    for number, make in enumerate(models):
        model = make().double()
        own = starts[number :: len(models)]
        lanes = max(1, _NUMBERS // (model.settings.width * model.settings.layers))
        for first in range(0, len(own), lanes):
            emit(Progress("going back", number * len(own) + first, len(starts)))
            where = np.arange(warm + steps + 2)[:, None] + own[first : first + lanes]
            ids = known(tokens[where], len(model.head_bias)).astype(np.int64)
            with fitting_memory():
                found.append(_norms(model, torch.from_numpy(ids), steps))
        singular = singular or [list(_singular(layer)) for layer in model.layers]
    emit(Progress("going back", 1, 1))
    norms = np.concatenate(found, axis=2)
    if not np.isfinite(norms).all():
        raise DivergedError("the gradients outgrow all numbers", "Take a smaller --gain.")
    norms = np.median(norms / np.maximum(norms[:, :1], 1e-300), axis=2)
    return [Reach(n + 1, norms[n].tolist(), values) for n, values in enumerate(singular)]


def _norms(model: CharRNN, ids: Tensor, steps: int) -> NDArray[np.float64]:
    """ids (T + 1, B) -> the gradient's norm for each layer and k, in each lane (L, K + 1, B)."""
    x = model.embedding(ids[:-1])
    states: list[list[LayerState]] = []
    for layer, start in zip(model.layers, model.zero_state(ids.shape[1]), strict=True):
        assert isinstance(layer, Layer)
        after = list(_states(layer, x, start))
        states.append(after[-steps - 1 :][::-1])  # the last one first
        x = torch.stack([state[0] for state in after])
    loss = torch.nn.functional.cross_entropy(model.logits(x[-1]), ids[-1], reduction="sum")
    parts = [[p for p in state if p.requires_grad] for layer in states for state in layer]
    gradients = iter(
        torch.autograd.grad(
            loss, [p for state in parts for p in state], allow_unused=True, materialize_grads=True
        )
    )
    norms = [torch.cat([next(gradients) for _ in state], dim=-1).norm(dim=-1) for state in parts]
    return torch.stack(norms).view(len(states), steps + 1, -1).numpy()


def _states(layer: Layer, x: Tensor, state: LayerState) -> Iterator[LayerState]:
    """The state after each step of x (T, B, D), in arrays of their own.

    The h that is made of c is an array beside it, and none of what c itself does to the loss.
    """
    for step in x.split(1):
        _, state = layer(step, state)
        state = tuple(part.clone() for part in state)
        yield state


def _singular(layer: nn.Module) -> Iterator[float]:
    assert isinstance(layer, Layer)
    weights = layer.cell.prepared(dict(layer.named_parameters()))
    if "weight_hh" in weights:
        matrix = weights["weight_hh"].detach()
        gates = layer.cell.gates if matrix.shape[1] == layer.hidden else 1
        for block in matrix.chunk(gates):
            yield float(torch.linalg.matrix_norm(block, 2))
