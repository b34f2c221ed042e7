"""What torch computes faster than the standard's functions: fused layers, scans, convolutions.

Importing this module registers them for torch's arrays.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.cells.arrays import register
from charrnn.cells.base import Cell
from charrnn.cells.scanned import ScannedCell
from charrnn.network.layers import LayerState, loop


def run_layer(
    cell: type[Cell], weights: Mapping[str, Tensor], x: Tensor, state: LayerState
) -> tuple[Tensor, LayerState]:
    """A cell over time: x (T, B, D), state of (B, H) each -> outputs (T, B, H), state."""
    if cell.fused:
        return _fused(getattr(torch, cell.fused), weights, x, state)
    if issubclass(cell, ScannedCell):
        # in full precision: bf16 has no number between 0.996 and 1 for a state that decays
        prepared = cell.prepare(weights)
        y, after = cell.run(prepared, cell.project(prepared, x).to(state[0].dtype), state)
        return y, tuple(new.to(old.dtype) for new, old in zip(after, state, strict=True))
    return loop(cell, weights, x, state)


def _fused(
    kernel: Callable[..., Any], weights: Mapping[str, Tensor], x: Tensor, state: LayerState
) -> tuple[Tensor, LayerState]:
    """The kernel, in autocast's type: left to itself, cuDNN's kernel takes float16."""
    device = x.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
    packed = tuple(part[None].to(dtype).contiguous() for part in state)
    flat = [weight.to(dtype) for weight in weights.values()]
    if x.is_cuda:  # cuDNN wants the weights in one piece of memory, or copies them at each call
        piece = torch.cat([weight.flatten() for weight in flat])
        parts = piece.split([weight.numel() for weight in flat])
        flat = [part.view_as(weight) for part, weight in zip(parts, flat, strict=True)]
    with torch.autocast(device, enabled=False):
        y, *after = kernel(
            x.to(dtype),
            packed if len(packed) > 1 else packed[0],
            flat,
            has_biases=True,
            num_layers=1,
            dropout=0.0,
            train=torch.is_grad_enabled(),
            bidirectional=False,
            batch_first=False,
        )
    return y, tuple(part[0] for part in after)


def scan(keep: Tensor, add: Tensor, h: Tensor) -> Tensor:
    """h = keep h + add at all steps: keep and add (T, B, H), h (B, H) -> every h (T, B, H).

    On a GPU by `hillis_steele`. On a processor a step is a short loop over numbers in the cache,
    and the work is done once, not log2 T times.
    """
    if add.is_cuda:
        return hillis_steele(keep, add, h)
    states: Tensor = _OneByOne.apply(keep, add, h)  # type: ignore[no-untyped-call]  # torch gives it no types
    return states


def hillis_steele(keep: Tensor, add: Tensor, h: Tensor) -> Tensor:
    """As `scan`, in log2 T rounds, each of which joins pairs of steps that lie twice as far apart.

    Hillis and Steele 1986, https://doi.org/10.1145/7902.7903.
    """
    apart = 1
    while apart < len(add):
        add = torch.cat([add[:apart], torch.addcmul(add[apart:], keep[apart:], add[:-apart])])
        keep = torch.cat([keep[:apart], keep[apart:] * keep[:-apart]])
        apart *= 2
    return torch.addcmul(add, keep, h)


class _OneByOne(torch.autograd.Function):
    """As `scan`, step by step, with one node in the graph for all of them."""

    @staticmethod
    def forward(ctx: Any, keep: Tensor, add: Tensor, h: Tensor) -> Tensor:
        states = torch.empty_like(add)
        before = h
        for after, k, a in zip(states, keep, add, strict=True):
            before = torch.addcmul(a, k, before, out=after)
        ctx.save_for_backward(keep, states, h)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep, states, h = ctx.saved_tensors
        gradient = gradients[0].clone()
        for step in range(len(keep) - 1, 0, -1):
            gradient[step - 1].addcmul_(keep[step], gradient[step])
        before = torch.cat([h[None], states[:-1]])
        return gradient * before, gradient, keep[0] * gradient[0]


def _softmax(x: Tensor) -> Tensor:
    return torch.softmax(x.float(), -1).to(x.dtype)


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    flat = F.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none")
    return flat.view_as(targets)


def _mean_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten())


def _binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")


def _rms_norm(x: Tensor, scale: Tensor) -> Tensor:
    return F.rms_norm(x.to(scale.dtype), scale.shape, scale, 1e-6)


def _convolution(x: Tensor, weight: Tensor, bias: Tensor, pool: tuple[int, int]) -> Tensor:
    x = x.to(memory_format=torch.channels_last)  # a quarter faster on a processor
    return F.max_pool2d(F.relu(F.conv2d(x, weight, bias, padding=1)), pool)


def _ctc_loss(logits: Tensor, frames: Tensor, symbols: Tensor, lengths: Tensor) -> Tensor:
    """Losses (B,). Those that are infinite have no gradient, and are to be counted elsewhere."""
    logs = torch.log_softmax(logits.float(), -1)
    return F.ctc_loss(logs, symbols.T, frames, lengths, reduction="none", zero_infinity=True)


register(
    Tensor,
    linear=F.linear,
    rows=torch.embedding,
    sigmoid=torch.sigmoid,
    softplus=lambda x: -F.logsigmoid(-x),
    scan=scan,
    rms_norm=_rms_norm,
    softmax=_softmax,
    log_sum_exp=torch.logsumexp,
    cross_entropy=_cross_entropy,
    mean_cross_entropy=_mean_cross_entropy,
    binary_cross_entropy=_binary_cross_entropy,
    layer=run_layer,
    convolution=_convolution,
    ctc_loss=_ctc_loss,
)
