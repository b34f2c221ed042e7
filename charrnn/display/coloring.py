"""What the colours of a text stand for: surprise, the value of a unit, or the mean of a gate."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from charrnn.cells import CELLS
from charrnn.errors import UsageError, suggest
from charrnn.inference.activations import Activations, Values
from charrnn.settings import ModelSettings

RED, BLUE = (214, 39, 40), (31, 119, 180)
FAINT = 0.08  # a shade below this is not coloured
_MAX_BITS = 8.0  # more surprise than this has the same colour


class Coloring(Protocol):
    """Turns activations into one value a token, and values into shades."""

    @property
    def title(self) -> str:
        """The quantity's name."""
        ...

    @property
    def ends(self) -> tuple[str, str]:
        """What the least and the largest shade mean."""
        ...

    def values(self, read: Activations) -> Values:
        """The quantity (N,) at each of N tokens."""
        ...

    def shades(self, values: Values) -> Values:
        """Values (N,) -> shades (N,) from -1, which is blue, to 1, which is red."""
        ...


@dataclass(frozen=True)
class Surprise:
    """How surprising each token was: -log2 of its probability."""

    title: str = "surprise, in bits"
    ends: tuple[str, str] = ("none", f"{_MAX_BITS:g} or more")

    def values(self, read: Activations) -> Values:
        return read.bits

    def shades(self, values: Values) -> Values:
        return (values / _MAX_BITS).clip(0, 1)


@dataclass(frozen=True)
class Unit:
    """The value of one unit: unit `number` of a layer's state, such as 1.c."""

    state: str
    number: int
    ends: tuple[str, str] = ("below zero", "above zero")

    @property
    def title(self) -> str:
        return f"unit {self.state}{self.number}"

    def values(self, read: Activations) -> Values:
        return read.units[self.state][:, self.number]

    def shades(self, values: Values) -> Values:
        # h stays between -1 and 1, c may reach 50: both are mapped into -1 to 1
        return (values / (0.5 + np.abs(values))).astype(np.float32)


@dataclass(frozen=True)
class Gate:
    """The mean of a layer's gate over its units, such as 1.forget."""

    name: str
    ends: tuple[str, str] = ("closed", "open")

    @property
    def title(self) -> str:
        return f"gate {self.name}"

    def values(self, read: Activations) -> Values:
        mean: Values = read.gates[self.name].mean(axis=1)
        return mean

    def shades(self, values: Values) -> Values:
        return 2 * values - 1


def unit_coloring(name: str, model: ModelSettings) -> Unit:
    """The colouring by a unit: 1.c17 is unit 17 of the first layer's c, 1.17 of its first state.

    UsageError if the model does not have that unit.
    """
    layer, _, rest = name.partition(".")
    states = [state for state in CELLS[model.cell].states if state != "time"]
    letters = rest.rstrip("0123456789")
    state, number = letters or states[0], rest[len(letters) :]
    numbers = layer.isdecimal() and number.isdecimal() and len(layer + number) < 12
    if (
        not numbers
        or state not in states
        or not 1 <= int(layer) <= model.layers
        or int(number) >= model.hidden_size
    ):
        raise UsageError(
            f"unit {name} does not exist",
            f"Write layer.unit: 1 to {model.layers}, a dot, {' or '.join(states)} (or nothing), "
            f"0 to {model.hidden_size - 1}; such as 1.{states[-1]}0.",
        )
    return Unit(f"{int(layer)}.{state}", int(number))


def gate_coloring(name: str, model: ModelSettings) -> Gate:
    """The colouring by a layer's gate, such as 1.forget. UsageError for an unknown one."""
    gates = CELLS[model.cell].gates
    known = [f"{layer + 1}.{gate}" for layer in range(model.layers) for gate in gates]
    if name not in known:
        hint = f"{suggest(name, known)} There are: {', '.join(known) or 'none'}."
        raise UsageError(f"{model.cell} does not have a gate {name}", hint.strip())
    return Gate(name)
