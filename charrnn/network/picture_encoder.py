"""A picture as a grid of features, by convolutions; features from elsewhere by one product."""

import math
from collections.abc import Mapping, Sequence

from array_api_compat import device

from charrnn.cells.arrays import Array, linear, namespace, rectified, tanh
from charrnn.cells.functions import convolution
from charrnn.cells.parameters import XAVIER, Initial, Parameter, Parameters
from charrnn.network.residual import norm_parameter
from charrnn.settings import ModelSettings

POOLS = ((2, 2), (2, 2), (2, 1), (2, 1))
"""The pooling, by rows and columns, after each convolution."""
_DIVISORS = (8, 4, 2, 1)
"""The channels of each convolution are the outputs divided by this; at least 8, but in the last."""


class PictureEncoder:
    """Pictures (B, 1, height, width) or features (B, cells, D) in, outputs (S, B, F) out.

    S counts the cells of the grid, row by row. Each cell adds its vector of the `positions`,
    which tells the attention where it is.
    """

    dropout_sizes: Sequence[int] = ()

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights = settings, weights

    @staticmethod
    def parameters(settings: ModelSettings, input_shape: tuple[int, ...]) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        outputs, cells = settings.outputs, math.prod(grid(input_shape))
        positions = {"encoder.positions": Parameter((cells, outputs))}
        parameters = positions | grid_parameters(outputs, input_shape)
        if settings.attention == "none":
            shape = outputs, cells * outputs
            parameters["encoder.summary.weight"] = Parameter(shape, XAVIER)
        return parameters

    def encode(
        self,
        inputs: Array,
        lengths: None = None,  # noqa: ARG002  (pictures have one size)
        masks: Sequence[Array] = (),  # noqa: ARG002  (nothing is dropped)
    ) -> tuple[Array, Array]:
        """Pictures or features -> outputs (S, B, F), mask (S, B) of ones."""
        xp, x = namespace(inputs), on_grid(inputs, self.weights)
        cells = xp.reshape(x, (-1, *x.shape[2:]))
        outputs = cells + self.weights["encoder.positions"][:, None]
        return outputs, xp.ones(outputs.shape[:2], dtype=xp.bool, device=device(outputs))

    def summary(self, outputs: Array, mask: Array) -> Array:  # noqa: ARG002  (it is all ones)
        """The mean of all cells (B, F); without attention, which reads them, a product of them.

        That product is scaled to be as large as one cell, or it would saturate at once.
        """
        if self.settings.attention != "none":
            return outputs.mean(0)
        xp, (cells, batch, _) = namespace(outputs), outputs.shape
        flat = xp.reshape(xp.permute_dims(outputs, (1, 0, 2)), (batch, -1)) * cells**-0.5
        return tanh(linear(flat, self.weights["encoder.summary.weight"]))


def grid_parameters(outputs: int, input_shape: tuple[int, ...]) -> Parameters:
    """The parameters of what `on_grid` gives so many outputs a cell."""
    if len(input_shape) == 3:
        return convolution_parameters(outputs)
    return {
        "encoder.features.weight": Parameter((outputs, input_shape[1]), XAVIER),
        "encoder.features.bias": Parameter((outputs,)),
    }


def on_grid(inputs: Array, weights: Mapping[str, Array]) -> Array:
    """Pictures (B, 1, height, width) -> (rows, columns, B, F); features (B, cells, D) are a row."""
    xp = namespace(inputs)
    if len(inputs.shape) == 4:
        return xp.permute_dims(convolved(inputs, weights), (2, 3, 0, 1))
    features = rectified(linear(inputs, *_pair(weights, "features")))
    return xp.permute_dims(features, (1, 0, 2))[None]


def convolution_parameters(outputs: int) -> Parameters:
    """The parameters of the convolutions of one channel of grey: the last has so many outputs."""
    parameters, channels = Parameters(), 1
    for number, divisor in enumerate(_DIVISORS):
        filters = max(8, outputs // divisor) if divisor > 1 else outputs
        name, kernel = f"encoder.convolutions.{number}", (filters, channels, 3, 3)
        parameters[f"{name}.weight"] = Parameter(kernel, Initial("kaiming"), "hidden")
        parameters[f"{name}.bias"] = Parameter((filters,))
        channels = filters
    return {**parameters, "encoder.norm": norm_parameter(outputs)}


def convolved(x: Array, weights: Mapping[str, Array]) -> Array:
    """Pictures (N, 1, height, width) -> their outputs (N, F, rows, columns of the grid).

    A picture is read as what differs from its mean: paper is like what convolutions find around
    it. Its outputs are normalized: rectified ones grow until the layers behind are saturated.
    """
    x = x - _mean(x)
    for number, pool in enumerate(POOLS):
        x = convolution(x, *_pair(weights, f"convolutions.{number}"), pool)
    size = namespace(x).sqrt(_mean(x * x) + 1e-6)
    return x / size * weights["encoder.norm"][:, None, None]


def _mean(x: Array) -> Array:
    """x (N, ...) -> (N, 1, 1, 1): the mean of each picture."""
    flat = namespace(x).reshape(x, (-1, math.prod(x.shape[1:])))
    return flat.mean(-1)[:, None, None, None]


def _pair(weights: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    """The weight and the bias of that name."""
    return weights[f"encoder.{name}.weight"], weights[f"encoder.{name}.bias"]


def grid(input_shape: tuple[int, ...]) -> tuple[int, int]:
    """The rows and columns of the outputs for an input of that shape."""
    if len(input_shape) == 2:
        return 1, input_shape[0]
    rows, columns = (math.prod(sides) for sides in zip(*POOLS, strict=True))
    return input_shape[1] // rows, input_shape[2] // columns
