"""One run on stdout: what it is, and its learning curves."""

import json
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.learning_curves import RunCurves, charts
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.wording import plural
from charrnn.events import Curves
from charrnn.settings import without_effect


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
