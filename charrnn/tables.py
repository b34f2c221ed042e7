"""Runs as a person sees them: side by side in a table, their curves, what is inside. On stdout."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from charrnn import chart
from charrnn.consoles import chart_panel, output
from charrnn.events import Curves
from charrnn.stdout import piped, visible
from charrnn.wording import clock

if TYPE_CHECKING:
    from charrnn.engine.compare import Compared  # which would load torch
    from charrnn.engine.gradients import Reach

COLOURS = ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_cyan", "bright_yellow",
           "bright_green", "bright_magenta", "bright_red", "bright_blue", "white",
           "bright_black", "bright_white")  # fmt: skip
_ROWS = 14
_SHOWN = (1, 5, 10, 20, 50, 100, 200)  # steps back


def columns(*heads: str, left: int = 1) -> Table:
    """A table whose first columns are words, and the others figures; the first wraps if it must."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for number, head in enumerate(heads):
        side: Literal["left", "right"] = "left" if number < left else "right"
        table.add_column(head, justify=side, no_wrap=number > 0, overflow="fold")
    return table


def show_compared(rows: Sequence["Compared"], as_json: bool) -> None:
    """The best run on a text first; each in the colour of its curve."""
    with piped():
        if as_json:
            for row in rows:
                print(json.dumps(row.record()), flush=True)
            return
        out = output()
        scored = dict.fromkeys(f"{visible(row.corpus)}, {row.part}" for row in rows)
        out.print(Text(f"Bits per character, state carried, of {'; '.join(scored)}", "dim"))
        heads = ("run", "network", "parameters", "steps", "time", "chars/s", "bits")
        table = columns(*heads, *(("on",) if len(scored) > 1 else ()), left=2)
        for number, row in enumerate(rows):
            table.add_row(
                Text(visible(row.run), COLOURS[number % len(COLOURS)]), f"{row.cell} {row.size}",
                f"{row.parameters:,}", "" if row.steps is None else f"{row.steps:,}",
                "" if row.seconds is None else clock(row.seconds),
                f"{row.characters_per_second:,.0f}" if row.characters_per_second else "",
                Text(f"{row.bits_per_character:.3f}", "bold"),
                *((f"{visible(row.corpus)}, {row.part}",) if len(scored) > 1 else ()),
            )  # fmt: skip
        out.print(table)
        known = {row.run: row.curves for row in rows if row.curves.training}
        if known:
            out.print(curves(known))


def show_curves(runs: Mapping[str, Curves]) -> None:
    """The curves alone, with whose they are."""
    with piped():
        out = output()
        out.print(_names(runs))
        out.print(curves(runs))


def _names(names: Iterable[str]) -> Text:
    """Each in the colour of its curve."""
    coloured = [(f"{visible(name)}  ", COLOURS[n % len(COLOURS)]) for n, name in enumerate(names)]
    return Text.assemble(*coloured)


def curves(runs: Mapping[str, Curves]) -> Panel:
    """Validation over time, the first run on top; of training, if all were hardly looked at."""
    looked = any(len(run.validation) > 3 for run in runs.values())
    points = [
        [(p.seconds, p.bits) for p in (run.validation if looked else run.training)]
        for run in runs.values()
    ]
    bits = [b for curve in points for _, b in curve] or [1.0]
    low, right = min(bits), max((x for curve in points for x, _ in curve), default=1.0)
    high = max(low + 0.1, min(max(bits), 2 * low))
    what = "validation" if looked else "training"
    title = f"{what}, bits per character, over {clock(right)} of training"
    return panel(points, title, right, (low, high), (f"{low:.2f}", f"{high:.2f}"))


def panel(
    points: Sequence[chart.Points],
    title: str,
    right: float,
    bounds: tuple[float, float],
    labels: tuple[str, str],
) -> Panel:
    """Curves over 0 to `right` as wide as the terminal, the first on top."""
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(points))]
    size = (max(20, output().width - 12), _ROWS)
    return chart_panel(points[::-1], colours[::-1], title, size, right, bounds, labels)


def show_run(about: Mapping[str, Any], history: Curves, as_json: bool) -> None:
    """What a run is, how large, how good, and how it went."""
    with piped():
        if as_json:
            print(json.dumps({**about, **history.record()}, allow_nan=False), flush=True)
            return
        out, model = output(), about["model"]
        best = min((point.bits for point in history.validation), default=None)
        out.print(Text.assemble(
            (visible(about["run"]), "bold"),
            f": {model['cell']} {model['layers']}x{model['width']}, {about['parameters']:,} "
            f"parameters, at its best after {about['step']:,} steps on {visible(about['corpus'])}, "
            f"a vocabulary of {about['vocabulary']:,}",
            f"\nbest on validation: {best:.3f} bits per character" if best else "",
        ))  # fmt: skip
        table = Table(box=None, pad_edge=False, show_header=False)
        for kind, what in (("model", model), ("train", about["train"]), ("text", about["text"])):
            set_to = "  ".join(f"{k} {v}" for k, v in what.items() if v is not None)
            table.add_row(Text(kind, "dim"), Text(visible(set_to)))
        sizes = "  ".join(f"{n} {'x'.join(map(str, s))}" for n, s in about["weights"].items())
        table.add_row(Text("weights", "dim"), Text(visible(sizes)))
        out.print(table)
        if len(history.training) > 1:
            out.print(curves({about["run"]: history}))


def show_reach(what: str, layers: Sequence["Reach"], as_json: bool) -> None:
    """The loss's gradient by steps back: figures, and a chart of its powers of ten."""
    with piped():
        if as_json:
            for layer in layers:
                found = asdict(layer) | {"decades_per_step": layer.decades_per_step}
                print(json.dumps({"network": what, **found}), flush=True)
            return
        out = output()
        out.print(Text(visible(what), "bold"))
        out.print(Text("The gradient of the loss by a layer's state k steps before, to k = 0:"))
        back = [k for k in _SHOWN if k < len(layers[0].norms)]
        table = columns("layer", *(f"k={k}" for k in back))
        colours = {layer.layer: COLOURS[n % len(COLOURS)] for n, layer in enumerate(layers)}
        for layer in layers:
            name = Text(str(layer.layer), colours[layer.layer])
            table.add_row(name, *(f"{layer.norms[k]:.1e}" for k in back))
        out.print(table)
        for layer in layers:
            singular = ", ".join(f"{value:.2f}" for value in layer.singular)
            largest = f"; largest singular values {singular}" if singular else ""
            out.print(Text(f"layer {layer.layer}: {_pace(layer.decades_per_step)}{largest}", "dim"))
        points = [
            [(k, math.log10(n)) for k, n in enumerate(layer.norms) if n > 0] for layer in layers
        ]
        powers = [y for curve in points for _, y in curve] or [0.0]
        low, high = (
            math.floor(min(powers)),
            max(math.ceil(max(powers)), math.floor(min(powers)) + 1),
        )
        title = f"its size, over {len(layers[0].norms) - 1} steps back"
        bounds = (float(low), float(high))
        out.print(
            panel(points, title, len(layers[0].norms) - 1.0, bounds, (f"1e{low}", f"1e{high}"))
        )


def _pace(decades: float | None) -> str:
    """Powers of ten a step, in words."""
    if decades is None:
        return "too little comes back to say how fast"
    if abs(decades) < 1e-4:
        return "neither more nor less with the steps"
    change = "ten times as much" if decades > 0 else "a tenth"
    return f"{change} every {max(1, 1 / abs(decades)):,.0f} steps"
