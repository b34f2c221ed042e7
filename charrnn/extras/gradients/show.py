"""How gradients vanish or explode, as people see it: a table and curves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from charrnn.display.charts import WHOLE, Axis, Chart, Line, marked_line
from charrnn.display.reports import Report
from charrnn.errors import plural
from charrnn.tables import Cell, Figure, Key, Table

if TYPE_CHECKING:
    from charrnn.extras.gradients.gradient_flow import GradientFlow  # which loads torch

_CHART_ROWS = 13
_MEASURE = (
    "Norm of the gradient of the loss with respect to a layer's state k steps back, "
    "relative to k = 0"
)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STEPS_BACK = (1, 5, 10, 20, 50, 100, 200)


def untrained_title(gains: Sequence[float | None]) -> str:
    """What untrained networks are, with their gain: several stand in the names of the networks."""
    one = gains[0] if len(gains) == 1 else None
    return "untrained" if one is None else f"untrained, recurrent variance {one:g}/n"


def gradients_report(title: str, networks: "Mapping[str, Sequence[GradientFlow]]") -> Report:
    """How the gradient of the loss shrinks or grows, step by step back in time."""
    records = (
        {"network": f"{title}, {name}", **asdict(layer), "decades_per_step": layer.decades_per_step}
        for name, layers in networks.items()
        for layer in layers
    )
    flows = {_label(name, layer, networks): layer
             for name, layers in networks.items() for layer in layers}  # fmt: skip
    lines = [
        marked_line(number, label,
                    [(k, math.log10(norm)) for k, norm in enumerate(layer.norms) if norm > 0])
        for number, (label, layer) in enumerate(flows.items())
    ]  # fmt: skip
    steps = max(len(layer.norms) for layer in flows.values()) - 1
    back = [k for k in _STEPS_BACK if k <= steps]
    rows: list[list[Cell]] = [
        [Key(line.key.plain, line.colour), *(Figure(f"{layer.norms[k]:.1e}") for k in back)]
        for line, layer in zip(lines, flows.values(), strict=True)
    ]
    inner = [f"k={k}" for k in back if k not in (1, back[-1])]
    heads, heading = ["", *(f"k={k}" for k in back)], heading_of(title, networks)
    table = Table(heads, rows, heading, [_MEASURE], inner, wraps=None)
    changes = Table(notes=[_change_of(label, layer) for label, layer in flows.items()])
    return Report(records, [table, changes], [_gradient_chart(lines, steps)])


def heading_of(title: str, networks: "Mapping[str, Sequence[GradientFlow]]") -> str:
    """The title, with the name of the network if it is the only one."""
    return title if len(networks) > 1 else f"{title}, {next(iter(networks))}"


def _label(
    name: str, layer: "GradientFlow", networks: "Mapping[str, Sequence[GradientFlow]]"
) -> str:
    """What tells the layer of a network from the others: both, or one of the two."""
    if len(networks) == 1:
        return f"layer {layer.layer}"
    return name if len(networks[name]) == 1 else f"{name} layer {layer.layer}"


def _change_of(label: str, layer: "GradientFlow") -> str:
    singular = ", ".join(f"{name} {value:.2f}" for name, value in layer.singular.items())
    largest = f"; largest singular values: {singular}" if singular else ""
    return f"{label}: {_change(layer.decades_per_step)}{largest}"


def _gradient_chart(lines: Sequence[Line], steps: int) -> Chart:
    powers = [y for line in lines for _, y in line.points] or [0.0]
    low = math.floor(min(powers))
    high = max(math.ceil(max(powers)), low + 1)
    x = Axis("steps back", 0.0, steps, lambda k: f"{k:.0f}", WHOLE)
    y = Axis("norm of the gradient", low, high, _power_of_ten, WHOLE)
    return Chart("", lines, x, y, _CHART_ROWS)


def _power_of_ten(exponent: float) -> str:
    if exponent != round(exponent):
        return f"{10**exponent:.0e}"
    return "10" + str(round(exponent)).translate(_SUPERSCRIPTS)


def _change(decades: float | None) -> str:
    """Powers of ten per step back, in words."""
    if decades is None:
        return "too little comes back to say how fast it changes"
    if abs(decades) < 1e-4:
        return "about the same however far back"
    change = "ten times as large" if decades > 0 else "a tenth as large"
    return f"{change} every {plural(max(1, round(1 / abs(decades))), 'step')} back"
