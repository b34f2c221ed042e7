"""Residual connections: a layer reads its normalized input, and adds its output to it.

`enter`, `add` and `leave` are what a network does before, behind each of, and after its layers:
nothing, without `--residual`. Xiong et al. 2020, https://arxiv.org/abs/2002.04745.
"""

from collections.abc import Mapping, Sequence

from charrnn.cells.arrays import Array, linear
from charrnn.cells.functions import rms_norm
from charrnn.cells.parameters import XAVIER, Initial, Parameter, Parameters
from charrnn.settings import ModelSettings


def residual_parameters(
    size: int, inputs: Sequence[int], prefix: str
) -> tuple[Parameters, Sequence[int]]:
    """Those before and after layers that add to (..., `size`), and the inputs of each layer then.

    Inputs of another size are projected.
    """
    parameters = {f"{prefix}.norm": norm_parameter(size)}
    if inputs[0] == size:
        return parameters, inputs
    parameters[f"{prefix}.input.weight"] = Parameter((size, inputs[0]), XAVIER)
    return parameters, [size, *inputs[1:]]


def norm_parameter(size: int) -> Parameter:
    """The scale of normalized numbers: ones."""
    return Parameter((size,), Initial("values", values=(1.0,) * size))


def enter(
    settings: ModelSettings, weights: Mapping[str, Array], x: Array, prefix: str = "layers"
) -> Array:
    """The inputs (..., D) of a network as its layers add to them: (..., H), if they do."""
    projection = weights.get(f"{prefix}.input.weight") if settings.residual else None
    return x if projection is None else linear(x, projection)


def add(settings: ModelSettings, x: Array, outputs: Array, mask: Array | None = None) -> Array:
    """What a layer that has read x gives the next one: its outputs, masked by dropout, or a sum."""
    outputs = outputs if mask is None else outputs * mask
    return x + outputs if settings.residual else outputs


def leave(
    settings: ModelSettings, weights: Mapping[str, Array], x: Array, prefix: str = "layers"
) -> Array:
    """What the last layer gives, normalized if it is a sum."""
    return rms_norm(x, weights[f"{prefix}.norm"]) if settings.residual else x
