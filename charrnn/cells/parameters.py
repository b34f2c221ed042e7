"""What a parameter is before it is trained: its shape, and the distribution that it begins with."""

import math
from typing import Literal, NamedTuple


class Initial(NamedTuple):
    """The distribution that a parameter begins with, drawn for each block of `rows` rows.

    `rows` of 0: the parameter is one block.

    orthogonal: Saxe et al. 2014, https://arxiv.org/abs/1312.6120. xavier: Glorot and Bengio 2010,
    https://proceedings.mlr.press/v9/glorot10a.html, uniform. kaiming: He et al. 2015,
    https://arxiv.org/abs/1502.01852, normal. normal: around 0, with a standard deviation `std`.
    constant: each block has its number of `values`, or 0. values: the numbers of a vector.
    """

    kind: Literal["constant", "normal", "xavier", "orthogonal", "identity", "kaiming", "values"]
    rows: int = 0
    std: float = 1.0
    values: tuple[float, ...] = ()


ZERO = Initial("constant")
UNIT = Initial("normal")
"""Of unit variance, as embeddings begin."""
XAVIER = Initial("xavier")


class Group(NamedTuple):
    """Where parameters stand in two orders: those in which they are drawn, and listed.

    The weights of a seed depend on the first order, the rounding of a gradient's norm on the
    second: neither must change.
    """

    drawn: int
    listed: int


EMBEDDING, LAYERS, REVERSE = Group(0, 1), Group(1, 3), Group(2, 3)
OTHERS, HEAD, DECODER_LAYERS = Group(3, 2), Group(4, 0), Group(5, 2)

Role = Literal["embedding", "hidden", "other"]


class Parameter(NamedTuple):
    """A parameter's shape and how it begins.

    `role` decides which optimizer updates it: Muon the `hidden` matrices; an `embedding` is
    looked up, not multiplied, and does not decay. `ordered`: the rows whose order means something,
    as that of numbers does: each learns with those around it.
    """

    shape: tuple[int, ...]
    initial: Initial = ZERO
    role: Role = "other"
    group: Group = OTHERS
    ordered: slice = slice(0)


Parameters = dict[str, Parameter]
"""Name -> parameter."""


def listed(parameters: Parameters) -> Parameters:
    """The same in the order of their groups."""
    return dict(sorted(parameters.items(), key=lambda item: item[1].group.listed))


def drawn(parameters: Parameters) -> Parameters:
    """The same in the order in which they are drawn."""
    return dict(sorted(listed(parameters).items(), key=lambda item: item[1].group.drawn))


def count(parameters: Parameters, *, multiplied: bool = False) -> int:
    """How many numbers they have; without embeddings, those that a token is `multiplied` with."""
    return sum(
        math.prod(parameter.shape)
        for parameter in parameters.values()
        if not (multiplied and parameter.role == "embedding")
    )
