"""What the colours of a text stand for: surprise, the value of a unit, or the mean of a gate."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from charrnn.cells import CELLS
from charrnn.errors import UsageError, suggest
from charrnn.inference.activations import Activations, Values
from charrnn.settings import ModelSettings

_MAX_BITS = 8.0  # more surprise than this has the same colour


@dataclass(frozen=True)
class Coloring:
    """One value and one shade a token.

    `values` turns the activations of N tokens into the quantity (N,) that `title` names, and
    `shades` those values into shades (N,) from -1, which is blue, to 1, which is red. `ends` says
    what the least and the largest shade mean.
    """

    title: str
    ends: tuple[str, str]
    values: Callable[[Activations], Values]
    shades: Callable[[Values], Values]


SURPRISE = Coloring(
    "surprise, in bits",
    ("none", f"{_MAX_BITS:g} or more"),
    lambda activations: activations.bits,
    lambda bits: (bits / _MAX_BITS).clip(0, 1),
)
"""How surprising each token was: -log2 of its probability."""


def unit_coloring(state: str, number: int) -> Coloring:
    """The value of one unit: unit `number` of a layer's state, such as 1.c."""
    return Coloring(
        f"unit {state}{number}",
        ("below zero", "above zero"),
        lambda activations: activations.units[state][:, number],
        # h stays between -1 and 1, c may reach 50: both are mapped into -1 to 1
        lambda values: (values / (0.5 + np.abs(values))).astype(np.float32),
    )


def gate_coloring(name: str) -> Coloring:
    """The mean of a layer's gate over its units, such as 1.forget."""
    return Coloring(
        f"gate {name}",
        ("closed", "open"),
        lambda activations: activations.gates[name].mean(axis=1),
        lambda means: 2 * means - 1,
    )


def parse_unit(name: str, model: ModelSettings) -> Coloring:
    """The colouring by a unit: 1.c17 is unit 17 of the first layer's c, 1.17 of its first state.

    UsageError if the model does not have that unit.
    """
    states = [*CELLS[model.cell].units(model.hidden_size)]
    match = re.fullmatch(r"([0-9]{1,6})\.([a-z]*)([0-9]{1,6})", name)
    layer, state, number = match.groups() if match else ("0", "", "0")
    state = state or states[0]
    if (
        state not in states
        or not 1 <= int(layer) <= model.layers
        or int(number) >= model.hidden_size
    ):
        raise UsageError(
            f"unit {name} does not exist",
            f"Write layer.unit: 1 to {model.layers}, a dot, {' or '.join(states)} (or nothing), "
            f"0 to {model.hidden_size - 1}; such as 1.{states[-1]}0.",
        )
    return unit_coloring(f"{int(layer)}.{state}", int(number))


def parse_gate(name: str, model: ModelSettings) -> Coloring:
    """The colouring by a layer's gate, such as 1.forget. UsageError for an unknown one."""
    gates = CELLS[model.cell].gates
    known = [f"{layer + 1}.{gate}" for layer in range(model.layers) for gate in gates]
    if name not in known:
        hint = suggest(name, known, "There are")
        raise UsageError(f"{model.cell} does not have a gate {name}", hint)
    return gate_coloring(name)
