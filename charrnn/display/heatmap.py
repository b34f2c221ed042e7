"""A text on stdout, each character coloured by what the network computes at it."""

import json
from collections.abc import Iterable

from rich.console import Console
from rich.style import Style
from rich.text import Text

from charrnn.display.coloring import BLUE, FAINT, RED, Coloring, Surprise
from charrnn.display.console import output_console
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.events import Emit, Progress
from charrnn.inference.activations import Activations
from charrnn.inference.probes import OPEN, SHUT, Findings


def shade_style(shade: float) -> Style:
    """-1 to 1 as a background from blue over nothing to red, with legible letters on it."""
    strength = min(1.0, abs(shade))
    if strength < FAINT:
        return Style.null()
    full = RED if shade > 0 else BLUE
    mixed = [round(255 + (part - 255) * strength) for part in full]
    letters = "white" if strength > 0.7 else "black"
    return Style.parse(f"{letters} on rgb({mixed[0]},{mixed[1]},{mixed[2]})")


def show_heatmap(
    reads: Iterable[Activations],
    coloring: Coloring,
    findings: Findings,
    as_json: bool,
    total: int,
    emit: Emit = lambda _: None,
) -> None:
    """Print the text as it is read, `total` tokens of it, then what was found in all of it.

    Progress is emitted after each piece: show it where stdout goes somewhere else.
    """
    with stop_at_closed_pipe():
        out = output_console()
        if not as_json:
            _print_legend(out, coloring)
        for read in reads:
            findings.add(read)
            if as_json:
                _print_json(read, coloring)
            else:
                _print_text(out, read, coloring)
            emit(Progress("reading the text", findings.tokens, total))
        if as_json:
            print(json.dumps(findings.record()), flush=True)
        else:
            out.print("\n")
            _print_findings(out, findings)


def _print_legend(out: Console, coloring: Coloring) -> None:
    low, high = coloring.ends
    least = float(isinstance(coloring, Surprise)) - 1.0  # surprise starts at no colour
    hint = "" if out.color_system else " (not shown without colours; --json has the values)"
    out.print(Text.assemble(
        f"{coloring.title}: ", (f" {low} ", shade_style(least)), (" to ", "dim"),
        (f" {high} ", shade_style(1.0)), hint, "\n",
    ))  # fmt: skip


def _print_text(out: Console, read: Activations, coloring: Coloring) -> None:
    line = Text()
    shades = coloring.shades(coloring.values(read))
    for text, shade in zip(read.text, shades, strict=True):
        shown = escaped(text)
        if out.color_system:  # a line end has its colour, too
            shown = shown.replace("\n", " \n")
        line.append(shown, shade_style(float(shade)))
    out.print(line, end="", soft_wrap=True)


def _print_json(read: Activations, coloring: Coloring) -> None:
    """A line a token: its id, text and surprise, and the value of another colouring."""
    values = coloring.values(read)
    for token, text, bits, value in zip(
        read.ids.tolist(), read.text, read.bits, values, strict=True
    ):
        record = {"token": token, "text": text, "bits": round(float(bits), 4)}
        if not isinstance(coloring, Surprise):
            record[coloring.title] = round(float(value), 4)
        print(json.dumps(record))


def _print_findings(out: Console, findings: Findings) -> None:
    """Which units follow which property of the text, and how far the gates are open."""
    out.print(Text(findings.summary, "dim"))
    units = findings.following()
    if units:
        names = [unit.follows for unit in units]
        first = [name if name not in names[:n] else "" for n, name in enumerate(names)]
        bold = [Text(f"{unit.correlation:+.2f}", "bold" if abs(unit.correlation) >= 0.5 else "")
                for unit in units]  # fmt: skip
        columns = [Column("property", first, left=True, wraps=True),
                   Column("unit", [unit.name for unit in units], left=True),
                   Column("correlation", bold)]  # fmt: skip
        out.print(fitted(columns, out.width))
    if gates := findings.saturation():
        columns = [
            Column("gate", [gate.name for gate in gates], left=True),
            Column("mean", [f"{gate.mean:.2f}" for gate in gates]),
            Column(f"closed (below {SHUT:g})", [f"{gate.shut:.0%}" for gate in gates], drop=1),
            Column(f"open (above {OPEN:g})", [f"{gate.open:.0%}" for gate in gates], drop=2),
        ]
        out.print(fitted(columns, out.width))
