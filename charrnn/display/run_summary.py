"""One run on stdout: what it is, and how far back its gradients reach."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from charrnn.display.charts import Axis, Chart, Line, line_style
from charrnn.display.console import output_console
from charrnn.display.learning_curves import RunCurves, charts
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.display.wording import plural
from charrnn.events import Curves
from charrnn.settings import without_effect

if TYPE_CHECKING:
    from charrnn.evaluation.gradient_flow import GradientFlow  # which loads torch

_CHART_ROWS = 13
_MEASURE = (
    "Norm of the gradient of the loss with respect to a layer's state k steps back, "
    "relative to k = 0"
)
_STEPS_BACK = (1, 5, 10, 20, 50, 100, 200)


def show_run(about: Mapping[str, Any], curves: Curves, as_json: bool) -> None:
    """Print what a run is, its settings, its sizes, its best score and its learning curves."""
    with stop_at_closed_pipe():
        if as_json:
            print(json.dumps({**about, **curves.record()}, allow_nan=False), flush=True)
            return
        out, model = output_console(), about["model"]
        best = min((point.bits for point in curves.validation), default=None)
        score = "" if best is None else f"\nBest validation: {best:.3f} bits per {curves.unit}"
        base = f", fine-tuned from {escaped(about['base'])}" if about.get("base") else ""
        trained = f"after {plural(about['step'], 'step')} on {escaped(about['corpus'])}"
        origin = trained if about["corpus"] else "imported"
        out.print(Text.assemble(
            (escaped(about["run"]), "bold"),
            f": {model['cell']} {model['layers']}x{model['hidden_size']}, "
            f"{plural(about['parameters'], 'parameter')}, "
            f"{origin}{base}, "
            f"vocabulary of {about['vocabulary_size']:,}{score}",
        ))  # fmt: skip
        table = Table(box=None, pad_edge=False, show_header=False)
        useless = without_effect(about["model"] | about["train"] | about["text"])
        for title in ("model", *(["train"] if about["corpus"] else []), "text"):
            found = (
                f"{name} {value}" for name, value in about[title].items()
                if value is not None and name not in useless
            )  # fmt: skip
            table.add_row(Text(title, "dim"), Text(escaped("  ".join(found))))
        sizes = (f"{name} {'x'.join(map(str, s))}" for name, s in about["weights"].items())
        table.add_row(Text("weights", "dim"), Text(escaped("  ".join(sizes))))
        out.print(table)
        if len(curves.training) > 1:
            (chart,) = charts([RunCurves(about["run"], about["corpus"], curves)], "time", False)
            out.print(chart)


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
