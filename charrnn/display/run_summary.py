"""How far back the gradients of a run reach, on stdout."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.text import Text

from charrnn.display.charts import Axis, Chart, Line, line_style
from charrnn.display.console import output_console
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.tables import plural

if TYPE_CHECKING:
    from charrnn.evaluation.gradient_flow import GradientFlow  # which loads torch

_CHART_ROWS = 13
_MEASURE = (
    "Norm of the gradient of the loss with respect to a layer's state k steps back, "
    "relative to k = 0"
)
_STEPS_BACK = (1, 5, 10, 20, 50, 100, 200)


def show_gradients(title: str, layers: "Sequence[GradientFlow]", as_json: bool) -> None:
    """Print how the gradient of the loss shrinks or grows, step by step back in time."""
    with stop_at_closed_pipe():
        if as_json:
            for layer in layers:
                found = asdict(layer) | {"decades_per_step": layer.decades_per_step}
                print(json.dumps({"network": title, **found}), flush=True)
            return
        out = output_console()
        out.print(Text(escaped(title), "bold"))
        out.print(Text(_MEASURE))
        lines = [
            Line(f"layer {layer.layer}",
                 [(k, math.log10(norm)) for k, norm in enumerate(layer.norms) if norm > 0],
                 *line_style(number))
            for number, layer in enumerate(layers)
        ]  # fmt: skip
        back = [k for k in _STEPS_BACK if k < len(layers[0].norms)]
        columns = [Column("", [line.key for line in lines], left=True)]
        columns += [
            Column(f"k={k}", [f"{layer.norms[k]:.1e}" for layer in layers],
                   drop=0 if k in (1, back[-1]) else len(back) - n)
            for n, k in enumerate(back)
        ]  # fmt: skip
        out.print(fitted(columns, out.width))
        for layer in layers:
            singular = ", ".join(f"{value:.2f}" for value in layer.singular)
            largest = f"; largest singular values {singular}" if singular else ""
            change = _change(layer.decades_per_step)
            out.print(Text(f"layer {layer.layer}: {change}{largest}", "dim"))
        out.print(_gradient_chart(lines, len(layers[0].norms) - 1))


def _gradient_chart(lines: Sequence[Line], steps: int) -> Chart:
    powers = [y for line in lines for _, y in line.points] or [0.0]
    low = math.floor(min(powers))
    high = max(math.ceil(max(powers)), low + 1)
    x = Axis("steps back", 0.0, steps, lambda k: f"{k:.0f}")
    y = Axis("norm of the gradient", low, high, lambda power: f"{10**power:.0e}")
    return Chart("", lines, x, y, _CHART_ROWS)


def _change(decades: float | None) -> str:
    """Powers of ten per step back, in words."""
    if decades is None:
        return "too little comes back to say how fast it changes"
    if abs(decades) < 1e-4:
        return "about the same however far back"
    change = "ten times as large" if decades > 0 else "a tenth as large"
    return f"{change} every {plural(max(1, round(1 / abs(decades))), 'step')} back"
