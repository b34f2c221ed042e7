"""A text on stdout, each character coloured by what the network computes at it."""

import json
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from charrnn.display.console import output_console, shade_style
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.events import Emit, Progress
from charrnn.extras.probing.colorings import SURPRISE, Coloring
from charrnn.extras.probing.findings import OPEN, SHUT, Findings
from charrnn.inference.activations import Activations


def show_heatmap(
    pieces: Iterable[Activations],
    coloring: Coloring,
    findings: Findings,
    as_json: bool,
    total: int,
    emit: Emit = lambda _: None,
) -> None:
    """Print the text as it is read, `total` tokens of it, then the findings in all of it.

    Progress is emitted after each piece: show it where stdout goes somewhere else.
    """
    with stop_at_closed_pipe():
        out = output_console()
        if not as_json:
            _print_legend(out, coloring)
        for piece in pieces:
            findings.add(piece)
            if as_json:
                _print_json(piece, coloring)
            else:
                _print_text(out, piece, coloring)
            emit(Progress("reading the text", findings.tokens, total))
        if as_json:
            print(json.dumps(findings.record()), flush=True)
        else:
            out.print("\n")
            _print_findings(out, findings)


def _print_legend(out: Console, coloring: Coloring) -> None:
    low, high = coloring.ends
    least = 0.0 if coloring is SURPRISE else -1.0
    hint = "" if out.color_system else " (not shown without colours; --json has the values)"
    out.print(Text.assemble(
        f"{coloring.title}: ", (f" {low} ", shade_style(least)), (" to ", "dim"),
        (f" {high} ", shade_style(1.0)), hint, "\n",
    ))  # fmt: skip


def _print_text(out: Console, piece: Activations, coloring: Coloring) -> None:
    line = Text()
    shades = coloring.shades(coloring.values(piece))
    for text, shade in zip(piece.text, shades, strict=True):
        shown = escaped(text)
        if out.color_system:  # a line end has its colour, too
            shown = shown.replace("\n", " \n")
        line.append(shown, shade_style(float(shade)))
    out.print(line, end="", soft_wrap=True)


def _print_json(piece: Activations, coloring: Coloring) -> None:
    """Print a line a token: its id, text and surprise, and the value of another colouring."""
    columns = piece.ids.tolist(), piece.text, piece.bits, coloring.values(piece)
    for token, text, bits, value in zip(*columns, strict=True):
        record = {"token": token, "text": text, "bits": round(float(bits), 4)}
        if coloring is not SURPRISE:
            record[coloring.title] = round(float(value), 4)
        print(json.dumps(record))


def _print_findings(out: Console, findings: Findings) -> None:
    """Print which units follow which property of the text, and how far the gates are open."""
    out.print(Text(findings.summary, "dim"))
    units = findings.following()
    if units:
        names = [unit.follows for unit in units]
        first = [name if name not in names[:n] else "" for n, name in enumerate(names)]
        correlations = [
            Text(f"{unit.correlation:+.2f}", "bold" if abs(unit.correlation) >= 0.5 else "")
            for unit in units
        ]
        columns = [Column("property", first, left=True, wraps=True),
                   Column("unit", [unit.name for unit in units], left=True),
                   Column("correlation", correlations)]  # fmt: skip
        out.print(fitted(columns, out.width))
    if gates := findings.saturation():
        columns = [
            Column("gate", [gate.name for gate in gates], left=True),
            Column("mean", [f"{gate.mean:.2f}" for gate in gates]),
            Column(f"closed (below {SHUT:g})", [f"{gate.shut:.0%}" for gate in gates], drop=1),
            Column(f"open (above {OPEN:g})", [f"{gate.open:.0%}" for gate in gates], drop=2),
        ]
        out.print(fitted(columns, out.width))
