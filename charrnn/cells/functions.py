"""Functions that few cells need: activations, a norm, sums over groups of units and over time."""

from charrnn.cells.arrays import Array, library, namespace, sigmoid


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow; -softplus(-x) is the logarithm of sigmoid(x)."""
    faster = library(x).softplus
    return faster(x) if faster else namespace(x).logaddexp(x, namespace(x).zeros_like(x))


def silu(x: Array) -> Array:
    """x sigmoid(x)."""
    return x * sigmoid(x)


def repeat(x: Array, times: int, group: int = 1) -> Array:
    """x (..., K) -> (..., K times): each `group` of numbers that follow each other, repeated.

    [a b c d], twice in groups of 2: [a b a b c d c d].
    """
    xp, (*batch, size) = namespace(x), x.shape
    groups = xp.reshape(x, (*batch, size // group, 1, group))
    copies = xp.broadcast_to(groups, (*batch, size // group, times, group))
    return xp.reshape(copies, (*batch, size * times))


def group_sums(x: Array, group: int) -> Array:
    """x (..., K group) -> (..., K): the sum of each `group` of numbers that follow each other."""
    *batch, size = x.shape
    return namespace(x).reshape(x, (*batch, size // group, group)).sum(-1)


def rms_norm(x: Array, scale: Array, groups: int = 1) -> Array:
    """x (..., K) and scale (K,) -> x / sqrt(mean of x^2 in each of `groups`) * scale.

    Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467.
    """
    size = x.shape[-1] // groups
    faster = library(x).rms_norm
    if faster and groups == 1:
        return faster(x, scale)
    mean = group_sums(x * x, size) / size
    return x / repeat(namespace(x).sqrt(mean + 1e-6), size) * scale


def scan(keep: Array, add: Array, h: Array) -> Array:
    """h = keep h + add at all steps: keep, add (T, ..., K), h (..., K) -> every h (T, ..., K)."""
    faster = library(add).scan
    if faster:
        return faster(keep, add, h)
    states = []
    for k, a in zip(keep, add, strict=True):
        h = k * h + a
        states.append(h)
    return namespace(h).stack(states)
