"""A text as a network saw it, as one web page that needs nothing else."""

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from charrnn.display.console import BLUE, FAINT, RED
from charrnn.extras.probing.colorings import SURPRISE, Coloring, gate_coloring, unit_coloring
from charrnn.extras.probing.findings import OPEN, SHUT, Findings, Reading
from charrnn.inference.activations import Activations

MAX_TOKENS = 10_000
"""Tokens that a page shows; the findings are about the whole text."""


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
        "title": html.escape(title),
        "about": findings.summary + cut,
        "red": "{},{},{}".format(*RED),
        "blue": "{},{},{}".format(*BLUE),
        "faint": str(FAINT),
        "units": _unit_rows(findings, [coloring.title for coloring in colorings]),
        "gates": _gate_table(findings),
        "data": _script({"pieces": text, "views": views}),
    }
    template = (files("charrnn.extras.probing") / "page.html").read_text("utf-8")
    # All at once: what stands in a part is no place for another.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


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


def _script(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


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
