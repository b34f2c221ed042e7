"""What the colours of a text can stand for: surprise, one unit, or a gate."""

from dataclasses import dataclass

import numpy as np

from charrnn.cells import CELLS
from charrnn.errors import UsageError, suggest
from charrnn.play.reading import Read, Values
from charrnn.settings import ModelSettings

RED, BLUE = (214, 39, 40), (31, 119, 180)
FAINT = 0.08  # of the full colour: less than that has none
_MOST = 8.0  # bits: more surprise is no other colour


@dataclass(frozen=True)
class View:
    """`kind` is surprise, unit or gate; `name` the gate (1.forget), or the unit's state (1.c)."""

    kind: str
    name: str = ""
    number: int = 0

    def values(self, read: Read) -> Values:
        """(N,): bits, the unit's values, or the mean of the gate's."""
        if self.kind == "surprise":
            return read.bits
        if self.kind == "gate":
            mean: Values = read.gates[self.name].mean(axis=1)
            return mean
        return read.units[self.name][:, self.number]

    def shades(self, values: Values) -> Values:
        """(N,) from -1, which is blue, to 1, which is red: -1 is also a gate that is shut."""
        if self.kind == "surprise":
            return (values / _MOST).clip(0, 1)
        if self.kind == "gate":
            return 2 * values - 1
        # an h seldom reaches 1, and a c may reach 50
        return (values / (0.5 + np.abs(values))).astype(np.float32)

    @property
    def title(self) -> str:
        """What people call it."""
        if self.kind == "surprise":
            return "surprise, in bits"
        return f"{self.kind} {self.name}{self.number if self.kind == 'unit' else ''}"

    @property
    def ends(self) -> tuple[str, str]:
        """What the least and the most of it mean."""
        return {
            "surprise": ("none", f"{_MOST:g} or more"),
            "unit": ("below zero", "above zero"),
            "gate": ("shut", "open"),
        }[self.kind]


SURPRISE = View("surprise")


def unit(name: str, model: ModelSettings) -> View:
    """The view of a unit by its name: 1.c17 is unit 17 of the first layer's c, 1.17 of its first.

    UsageError if there is no such unit.
    """
    layer, _, rest = name.partition(".")
    states = [part for part in CELLS[model.cell].states if part != "time"]
    part = rest.rstrip("0123456789") or states[0]
    number = rest[len(rest.rstrip("0123456789")) :]
    numbers = layer.isdecimal() and number.isdecimal() and len(layer + number) < 12
    if (
        not numbers
        or part not in states
        or not 1 <= int(layer) <= model.layers
        or int(number) >= model.width
    ):
        raise UsageError(
            f"there is no unit {name}",
            f"Write layer.unit: 1 to {model.layers}, a dot, {' or '.join(states)} (or nothing), "
            f"0 to {model.width - 1}; such as 1.{states[-1]}0.",
        )
    return View("unit", f"{int(layer)}.{part}", int(number))


def gate(name: str, model: ModelSettings) -> View:
    """The view of a layer's gate by its name, such as 1.forget. UsageError if there is none."""
    gates = [gate for gate in CELLS[model.cell].sigmoids if gate]
    known = [f"{layer + 1}.{gate}" for layer in range(model.layers) for gate in gates]
    if name not in known:
        hint = f"{suggest(name, known)} There are: {', '.join(known) or 'none'}."
        raise UsageError(f"{model.cell} has no gate {name}", hint.strip())
    return View("gate", name)
