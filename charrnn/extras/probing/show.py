"""A text on stdout, each character coloured by what the network computes at it."""

import json

from rich.console import Console
from rich.text import Text

from charrnn.display.console import output_console, shade_style
from charrnn.display.reports import Report, show
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.extras.probing.colorings import SURPRISE, Coloring
from charrnn.extras.probing.findings import OPEN, SHUT, Findings, Reading
from charrnn.inference.activations import Activations
from charrnn.tables import Cell, Figure, Styled, Table


def show_heatmap(reading: Reading, coloring: Coloring, as_json: bool) -> None:
    """Print the text as it is read, then the findings in all of it."""
    with stop_at_closed_pipe():
        out = output_console()
        if not as_json:
            _print_legend(out, coloring)
        for piece in reading.pieces():
            if as_json:
                _print_json(piece, coloring)
            else:
                _print_text(out, piece, coloring)
        if not as_json:
            out.print("\n")
    show(_findings_report(reading.findings), as_json)


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


def _findings_report(findings: Findings) -> Report:
    """Which units follow which property of the text, and how far the gates are open."""
    units = findings.following()
    names = [unit.follows for unit in units]
    followed: list[list[Cell]] = [
        [name if name not in names[:n] else "", unit.name,
         Styled(Figure(f"{unit.correlation:+.2f}"), "bold" * (abs(unit.correlation) >= 0.5))]
        for n, (name, unit) in enumerate(zip(names, units, strict=True))
    ]  # fmt: skip
    gates: list[list[Cell]] = [
        [gate.name, *map(Figure, (f"{gate.mean:.2f}", f"{gate.shut:.0%}", f"{gate.open:.0%}"))]
        for gate in findings.saturation()
    ]
    closed, opened = f"closed (below {SHUT:g})", f"open (above {OPEN:g})"
    heads = ["gate", "mean", closed, opened]
    tables = [Table(["property", "unit", "correlation"], followed, notes=[findings.summary])]
    if gates:
        tables.append(Table(heads, gates, optional=[opened, closed], wraps=None))
    return Report([findings.record()], tables)
