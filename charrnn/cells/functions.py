"""Functions that few networks need: activations, a norm, sums, a convolution."""

from charrnn.cells.arrays import Array, library, linear, namespace, rectified, sigmoid


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


def convolution(x: Array, weight: Array, bias: Array, pool: tuple[int, int]) -> Array:
    """A 3 x 3 convolution of x (B, C, rows, columns), rectified, and the largest of each pool.

    weight (K, C, 3, 3), bias (K,) -> (B, K, rows / p, columns / q).
    """
    return (library(x).convolution or convolution_of_windows)(x, weight, bias, pool)


def convolution_of_windows(x: Array, weight: Array, bias: Array, pool: tuple[int, int]) -> Array:
    """As `convolution`, by one product with the 3 x 3 numbers around each."""
    xp, (batch, _, rows, columns) = namespace(x), x.shape
    x = xp.permute_dims(x, (0, 2, 3, 1))
    edge = xp.zeros_like(x[:, :1])
    x = xp.concat((edge, x, edge), axis=1)
    edge = xp.zeros_like(x[:, :, :1])
    x = xp.concat((edge, x, edge), axis=2)
    windows = [x[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    kernels = xp.reshape(xp.permute_dims(weight, (0, 2, 3, 1)), (len(weight), -1))
    product = linear(xp.concat(windows, axis=-1), kernels, bias)  # (B, rows, columns, K)
    pools = batch, rows // pool[0], pool[0], columns // pool[1], pool[1], len(weight)
    largest = xp.max(xp.max(xp.reshape(rectified(product), pools), axis=4), axis=2)
    return xp.permute_dims(largest, (0, 3, 1, 2))
