"""A text as a network saw it: in colours on stdout, as a picture, or as a page on its own."""

import html
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from charrnn.display.coloured_text import svg_of_text
from charrnn.display.console import (
    BLUE,
    FAINT,
    RED,
    output_console,
    print_shaded,
    shade_style,
    shows_colours,
)
from charrnn.display.html import FAINTLY, element, html_of_shades, shown
from charrnn.display.reports import Report, show
from charrnn.display.stdout import filled, json_in_page, on_one_line, stop_at_closed_pipe
from charrnn.extras.probing.colorings import SURPRISE, Coloring, gate_coloring, unit_coloring
from charrnn.extras.probing.findings import OPEN, SHUT, Findings, Reading
from charrnn.inference.activations import Activations
from charrnn.tables import Cell, Figure, Styled, Table

MAX_TOKENS = 10_000
"""Tokens that a page shows; the findings are about the whole text."""


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
                shades = coloring.shades(coloring.values(piece))
                print_shaded(out, piece.text, shades.tolist())
        if not as_json:
            out.print("\n")
    show(_findings_report(reading.findings), as_json)


def _legend(coloring: Coloring) -> list[tuple[str, float]]:
    """What the least and the largest shade mean: texts and their shades."""
    low, high = coloring.ends
    least = 0.0 if coloring is SURPRISE else -1.0
    return [(f"{coloring.title}: ", 0.0), (f" {low} ", least), (" to ", 0.0), (f" {high} ", 1.0)]


def picture_of(title: str, reading: Reading, coloring: Coloring) -> str:
    """The text in colours as SVG, below a legend."""
    shaded = [*_legend(coloring), ("\n\n", 0.0)]
    for piece in reading.pieces():
        # few different ones: a small file
        shades = coloring.shades(coloring.values(piece)).round(1)
        shaded += zip(piece.text, shades.tolist(), strict=True)
    return svg_of_text(title, coloring.title, shaded)


def _print_legend(out: Console, coloring: Coloring) -> None:
    hint = "" if shows_colours(out) else " (not shown without colours; --json has the values)"
    texts = ((text, shade_style(shade)) for text, shade in _legend(coloring))
    out.print(Text.assemble(*texts, hint, "\n"))


def _print_json(piece: Activations, coloring: Coloring) -> None:
    """Print a line a token: its id, text and surprise, and the value of another colouring."""
    columns = piece.ids.tolist(), piece.text, piece.bits, coloring.values(piece)
    for token, text, bits, value in zip(*columns, strict=True):
        record = {"kind": "token", "token": token, "text": text, "bits": round(float(bits), 4)}
        if coloring is not SURPRISE:
            record |= {"coloring": coloring.title, "value": round(float(value), 4)}
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


def html_of_reading(read: Activations, most: int = 2000) -> str:
    """The text in the colours of the network's surprise, below a legend: its first tokens."""
    mean = f"{float(read.bits.mean()):.3f} bits per token"
    cut = f"; the first {most:,} of {len(read.text):,} are shown" if len(read.text) > most else ""
    parts, shades = zip(*_legend(SURPRISE), strict=True)
    ends = html_of_shades(parts, shades, parts)
    bits = read.bits[:most]
    hints = [f"{token!r}: {value:.2f} bits" for token, value in zip(read.text, bits, strict=False)]
    text = html_of_shades(read.text[:most], SURPRISE.shades(bits).tolist(), hints)
    about = element(FAINTLY, shown(f"{mean}{cut}"))
    return element("line-height:1.5", f"{about}{ends}<br>{text}")


def page_colorings(findings: Findings, chosen: Sequence[Coloring]) -> list[Coloring]:
    """Surprise, the chosen ones, the best unit of each property, every gate: each title once."""
    best: dict[str, Coloring] = {}
    for followed in findings.following():
        best.setdefault(followed.follows, unit_coloring(followed.state, followed.number))
    gates = [gate_coloring(saturation.name) for saturation in findings.saturation()]
    colorings = [SURPRISE, *chosen, *best.values(), *gates]
    return list({coloring.title: coloring for coloring in colorings}.values())


def page_of(title: str, reading: Reading, chosen: Sequence[Coloring]) -> str:
    """The page: the text, which a reader can colour in many ways, and the findings in all of it."""
    for _ in reading.pieces():
        pass
    findings = reading.findings
    colorings = page_colorings(findings, chosen)
    text, views = _views(reading.read(reading.ids[:MAX_TOKENS]), colorings)
    cut = f" The first {len(text):,} are shown." if findings.tokens > len(text) else ""
    parts = {
        "title": html.escape(on_one_line(title)),
        "about": findings.summary + cut,
        "red": "{},{},{}".format(*RED),
        "blue": "{},{},{}".format(*BLUE),
        "faint": str(FAINT),
        "units": _unit_rows(findings, [coloring.title for coloring in colorings]),
        "gates": _gate_table(findings),
        "data": json_in_page({"pieces": text, "views": views}),
    }
    template = (files("charrnn.extras.probing") / "page.html").read_text("utf-8")
    return filled(template, parts)


def _views(
    pieces: Iterable[Activations], colorings: Sequence[Coloring]
) -> tuple[list[str], list[dict[str, Any]]]:
    """The characters of each token; of each colouring its values and its shades in percent."""
    text: list[str] = []
    views: list[dict[str, Any]] = [
        {"title": coloring.title, "ends": coloring.ends, "values": [], "shades": []}
        for coloring in colorings
    ]
    for piece in pieces:
        text += piece.text
        for coloring, view in zip(colorings, views, strict=True):
            values = coloring.values(piece)
            view["values"] += np.round(values, 2).tolist()
            view["shades"] += np.round(100 * coloring.shades(values)).astype(int).tolist()
    return text, views


def _unit_rows(findings: Findings, titles: Sequence[str]) -> str:
    rows = []
    for unit in findings.following():
        number = titles.index(f"unit {unit.name}") if f"unit {unit.name}" in titles else None
        named = unit.name if number is None else f'<a href="#" data-view="{number}">{unit.name}</a>'
        rows.append(f"<tr><td>{html.escape(unit.follows)}<td>{named}<td>{unit.correlation:+.2f}")
    return "".join(rows)


def _gate_table(findings: Findings) -> str:
    if not findings.gates:
        return ""
    rows = "".join(
        f"<tr><td>{gate.name}<td>{gate.mean:.2f}<td>{gate.shut:.0%}<td>{gate.open:.0%}"
        for gate in findings.saturation()
    )
    head = f"<tr><th>gate<th>mean<th>closed (below {SHUT:g})<th>open (above {OPEN:g})"
    return f"<h2>Gates</h2><table>{head}{rows}</table>"
