"""How far back a network learns: gradients over many steps, which vanish or explode.

Hochreiter 1991; Bengio et al. 1994, https://doi.org/10.1109/72.279181; Pascanu et al. 2013,
https://arxiv.org/abs/1211.5063.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.engine.devices import memory_checked
from charrnn.engine.module import Module
from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.events import Emit, Progress
from charrnn.network.language_model import LanguageModel, embed
from charrnn.network.layers import Layer, LayerState, loop
from charrnn.network.residual import add, enter
from charrnn.settings import ModelSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.text.corpus import Tokens, checked_ids
from charrnn.text.tokenizers import Characters

STEPS = 200
_WARM_UP = 64  # steps before those, in which the state moves away from zero
_STARTS = 32  # in the text, of which the median is taken
_NETWORKS = 8  # untrained ones: each initialisation vanishes or explodes a little differently
_MOST_GAIN = 1e6
_NUMBERS = 4096  # per step that are kept for the backward pass: sequences x layers x hidden size


@dataclass(frozen=True)
class GradientFlow:
    """How strongly the loss depends on the state of one layer (all its arrays) k steps before.

    `norms` (K + 1,) are those of its gradient, as multiples of the norm at k = 0: each the median
    over many starts in a text. `singular` has the largest singular value of each block of
    `weight_hh`, by what it computes; of several networks, the first one's.
    """

    layer: int
    norms: list[float]
    singular: dict[str, float]

    @property
    def decades_per_step(self) -> float | None:
        """The slope of log10(norm) over k; None if it vanishes at once."""
        norms = np.array(self.norms[1:])
        k = np.flatnonzero(norms > 0)
        return float(np.polyfit(k, np.log10(norms[k]), 1)[0]) if len(k) > 1 else None


Networks = dict[str, list[GradientFlow]]
"""The gradient flow in each layer of networks, by their cell and size."""


def of_run(run: Checkpoint, text: str | None, emit: Emit) -> Networks:
    """The gradient flow in a run's network on a text, or on the validation part of its corpus."""
    if text is None:
        tokens = corpus_of(run, "name a text").part("valid")
        if len(tokens) < 3:
            raise TextError(f"{run.run} has no validation part", "Name a text.")
    else:
        tokens = run.tokenizer.encode(text)
    model = _module(run.model, run.tokenizer.size)
    model.load(run.weights)
    return {_name(run.model): gradient_flow([lambda: model], tokens, emit)}


def of_untrained(
    models: Sequence[ModelSettings], gains: Sequence[float | None], text: str, emit: Emit
) -> Networks:
    """The gradient flow in untrained networks on a text, with each of the gains: see `rescale`."""
    tokenizer, flows = Characters("".join(sorted({*text} or " "))), Networks()
    for model, gain in product(models, gains):
        torch.manual_seed(1)
        networks = [partial(_initialised, model, gain, tokenizer.size)] * _NETWORKS
        name = _name(model) + (f", variance {gain:g}/n" if len(gains) > 1 else "")
        flows[name] = gradient_flow(networks, tokenizer.encode(text), emit)
    return flows


def _initialised(
    model: ModelSettings, gain: float | None, vocabulary_size: int
) -> Module[LanguageModel]:
    with memory_checked():
        network = _module(model, vocabulary_size)
    if gain is not None:
        rescale(network, gain)
    return network


def _name(model: ModelSettings) -> str:
    return f"{model.cell} {model.size}"


def _module(settings: ModelSettings, vocabulary_size: int) -> Module[LanguageModel]:
    parameters = LanguageModel.parameters(settings, vocabulary_size)
    return Module(settings, parameters, LanguageModel)


@torch.no_grad()
def rescale(model: Module[LanguageModel], gain: float) -> None:
    """Draw the recurrent weights again, with variance gain / n for a matrix of n columns.

    UsageError for a cell without a recurrent matrix, and for a gain that is no variance.
    """
    if not 0 <= gain <= _MOST_GAIN:
        hint = f"Take numbers between 0 and {_MOST_GAIN:,.0f}."
        raise UsageError(f"--gain {gain:g} is not a variance", hint)
    cell = model.settings.cell
    if "weight_hh" not in CELLS[cell].parameters(1, 1):
        raise UsageError(f"{cell} does not have a recurrent matrix", "Leave --gain out.")
    for layer in model.network.layers:
        weight = layer.weights["weight_hh"]
        weight.normal_(0, math.sqrt(gain / weight.shape[1]))


def gradient_flow(
    networks: Sequence[Callable[[], Module[LanguageModel]]], tokens: Tokens, emit: Emit
) -> list[GradientFlow]:
    """Of each layer, the first one first, on a text (N,) of at least three tokens (or TextError).

    Several networks (of one size) divide the starts in the text; each is made when its turn comes,
    and becomes double. DivergedError where the gradients overflow.
    """
    steps = min(STEPS, len(tokens) - 2)
    if steps < 1:
        raise TextError("the text has fewer than three tokens", "Use a longer one.")
    warm_up = min(_WARM_UP, len(tokens) - 2 - steps)
    last = len(tokens) - steps - warm_up - 2
    starts = np.linspace(0, last, max(len(networks), min(_STARTS, last + 1))).astype(int)
    norms: list[NDArray[np.float64]] = []  # (L, K + 1) for each start
    singular: list[dict[str, float]] = []
    for number, make in enumerate(networks):
        model = make().to(torch.float64)
        for ids in _batches(model, tokens, starts[number :: len(networks)], warm_up + steps):
            emit(Progress("measuring gradients", len(norms), len(starts)))
            with memory_checked():
                norms += list(_norms(model, ids, steps))
        singular = singular or [_singular_values(layer) for layer in model.network.layers]
    emit(Progress("measuring gradients", 1, 1))
    by_start = np.stack(norms)
    if not np.isfinite(by_start).all():
        raise DivergedError("the gradients overflow", "Use a smaller --gain.")
    medians = np.median(by_start / np.maximum(by_start[:, :, :1], 1e-300), axis=0)
    return [GradientFlow(n + 1, medians[n].tolist(), values) for n, values in enumerate(singular)]


def _batches(
    model: Module[LanguageModel], tokens: Tokens, starts: NDArray[np.int64], steps: int
) -> Iterator[Tensor]:
    """Ids (steps + 2, B) from each start, as many sequences at once as memory should hold."""
    batch_size = max(1, _NUMBERS // (model.settings.hidden_size * model.settings.layers))
    for first in range(0, len(starts), batch_size):
        indices = np.arange(steps + 2)[:, None] + starts[first : first + batch_size]
        ids = checked_ids(tokens[indices], model.network.vocabulary_size)
        yield torch.from_numpy(ids.astype(np.int64))


def _norms(model: Module[LanguageModel], ids: Tensor, steps: int) -> NDArray[np.float64]:
    """ids (T + 1, B) -> norms of the gradient by sequence, layer and k (B, L, K + 1)."""
    x = enter(model.settings, model.weights, embed(model.settings, model.weights, ids[:-1]))
    states: list[LayerState] = []  # of each layer, of each step k back: L times K + 1
    zero = model.network.zero_state(ids.shape[1])
    for layer, start in zip(model.network.layers, zero, strict=True):
        after = list(_states(layer, x, start))
        states += after[-steps - 1 :][::-1]
        x = add(model.settings, x, torch.stack([state[0] for state in after]))
    loss = F.cross_entropy(model.network.logits(x[-1]), ids[-1], reduction="sum")
    arrays = [[array for array in state if array.requires_grad] for state in states]
    gradients = iter(
        torch.autograd.grad(
            loss, [array for state in arrays for array in state],
            allow_unused=True, materialize_grads=True,
        )
    )  # fmt: skip
    norms = [torch.cat([next(gradients) for _ in state], dim=-1).norm(dim=-1) for state in arrays]
    return torch.stack(norms).view(-1, steps + 1, ids.shape[1]).permute(2, 0, 1).detach().numpy()


def _states(layer: Layer, x: Tensor, state: LayerState) -> Iterator[LayerState]:
    """The state after each step of x (T, B, D), in arrays of their own.

    So c's gradient leaves out what c does through the h of its own step, which is another array.
    """
    for step in layer.normalized(x).split(1):
        _, state = loop(layer.cell, layer.weights, step, state)
        state = tuple(part.clone() for part in state)
        yield state


def _singular_values(layer: Layer) -> dict[str, float]:
    """The largest of each block of `weight_hh`; none for a cell without one."""
    weights, names = layer.cell.prepare(layer.weights), layer.cell.blocks
    if "weight_hh" not in weights:
        return {}
    matrix = weights["weight_hh"].detach()
    if matrix.shape[1] * len(names) != matrix.shape[0]:  # one matrix for all
        names = (" and ".join(names),)
    norms = [float(torch.linalg.matrix_norm(block, 2)) for block in matrix.chunk(len(names))]
    return dict(zip(names, norms, strict=True))
