"""A text as a network saw it, as one web page that needs nothing else."""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from charrnn.display.coloring import BLUE, FAINT, RED, Coloring, Gate, Surprise, Unit
from charrnn.inference.activations import Activations
from charrnn.inference.probes import OPEN, SHUT, Findings

MAX_TOKENS = 10_000
"""Tokens that a page shows; the findings are about the whole text."""


def report_colorings(findings: Findings, chosen: Sequence[Coloring]) -> list[Coloring]:
    """Surprise, the chosen ones, the best unit of each property, every gate."""
    best: dict[str, Coloring] = {}
    for unit in findings.following():
        best.setdefault(unit.follows, Unit(unit.state, unit.number))
    gates = [Gate(gate.name) for gate in findings.saturation()]
    return list(dict.fromkeys([Surprise(), *chosen, *best.values(), *gates]))


def report_page(
    title: str, reads: Iterable[Activations], colorings: Sequence[Coloring], findings: Findings
) -> str:
    """The page: the text, which a reader can colour by any of the colourings, and the findings."""
    pieces: list[str] = []
    values: list[list[float]] = [[] for _ in colorings]
    shades: list[list[int]] = [[] for _ in colorings]
    for read in reads:
        pieces += read.text
        for number, coloring in enumerate(colorings):
            found = coloring.values(read)
            values[number] += np.round(found, 2).tolist()
            shades[number] += np.round(100 * coloring.shades(found)).astype(int).tolist()
    data = {
        "pieces": pieces,
        "views": [
            {"title": coloring.title, "ends": coloring.ends, "values": v, "shades": s}
            for coloring, v, s in zip(colorings, values, shades, strict=True)
        ],
    }
    cut = f" The first {len(pieces):,} are shown." if findings.tokens > len(pieces) else ""
    return _PAGE.format(
        title=html.escape(title),
        about=findings.summary + cut,
        red="{},{},{}".format(*RED),
        blue="{},{},{}".format(*BLUE),
        faint=FAINT,
        units=_units(findings, [coloring.title for coloring in colorings]),
        gates=_gates(findings),
        data=_script(data),
    )


def _script(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _units(findings: Findings, titles: Sequence[str]) -> str:
    rows = []
    for unit in findings.following():
        number = titles.index(f"unit {unit.name}") if f"unit {unit.name}" in titles else None
        named = unit.name if number is None else f'<a href="#" data-view="{number}">{unit.name}</a>'
        rows.append(f"<tr><td>{html.escape(unit.follows)}<td>{named}<td>{unit.correlation:+.2f}")
    return "".join(rows)


def _gates(findings: Findings) -> str:
    if not findings.gates:
        return ""
    rows = "".join(
        f"<tr><td>{gate.name}<td>{gate.mean:.2f}<td>{gate.shut:.0%}<td>{gate.open:.0%}"
        for gate in findings.saturation()
    )
    head = f"<tr><th>gate<th>mean<th>closed (below {SHUT:g})<th>open (above {OPEN:g})"
    return f"<h2>Gates</h2><table>{head}{rows}</table>"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root {{ --page: #fff; --text: #222; --muted: #666; --line: #ddd; --link: #1565a3 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #16181c; --text: #e4e6ea; --muted: #9aa0a8; --line: #363a42; --link: #7db7ec }}
}}
* {{ box-sizing: border-box }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem;
  padding: 0 1rem; color: var(--text); background: var(--page) }}
h1 {{ font-size: 1.3rem; margin: 0; overflow-wrap: anywhere }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .3rem }}
p {{ margin: .2rem 0 1rem; color: var(--muted) }}
main {{ display: grid; grid-template-columns: minmax(0, 1fr) 22rem; gap: 0 2rem }}
#bar {{ grid-column: 1 / 3; position: sticky; top: 0; background: var(--page);
  padding: .5rem 0; min-height: 3.2rem }}
#text {{ font: 14px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
  margin: 0; max-height: 80vh; overflow-y: auto; padding: .6rem; align-self: start;
  border: 1px solid var(--line); border-radius: 6px }}
@media (max-width: 56rem) {{
  main {{ display: block }} #text {{ max-height: none }}
}}
aside h2:first-child {{ margin-top: 0 }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ padding: .15rem .6rem .15rem 0; text-align: left; font-variant-numeric: tabular-nums }}
th {{ font-weight: normal; color: var(--muted) }}
select {{ font: inherit; padding: .2rem; max-width: 100% }} a {{ color: var(--link) }}
#value {{ color: var(--muted); margin-left: 1rem }}
#low, #high {{ padding: 0 .4rem; border-radius: 3px; color: #fff; background: rgb({red}) }}
#low {{ background: rgb({blue}) }} #low.none {{ background: none; color: var(--muted) }}
</style>
<h1>{title}</h1><p>{about}</p>
<main><div id="bar"><label>Colour by <select id="view"></select></label>
<span id="low"></span> <span id="high"></span><span id="value"></span></div>
<pre id="text"></pre>
<aside><h2>Units that follow a property</h2>
<table><tr><th>property<th>unit<th>correlation{units}</table>
{gates}</aside></main>
<script id="data" type="application/json">{data}</script>
<script>
const data = JSON.parse(document.getElementById("data").textContent);
const text = document.getElementById("text"), chosen = document.getElementById("view");
const spans = data.pieces.map((piece, i) => {{
  const span = document.createElement("span");
  span.textContent = piece === "\\n" ? "\\u21b5\\n" : piece;
  span.dataset.i = i;
  return span;
}});
text.append(...spans);
data.views.forEach((view, i) => chosen.add(new Option(view.title, i)));
function colour() {{
  const {{shades, ends}} = data.views[chosen.value];
  ["low", "high"].forEach((id, i) => document.getElementById(id).textContent = ends[i]);
  document.getElementById("low").className = ends[0];
  spans.forEach((span, i) => {{
    const s = shades[i] / 100, a = Math.abs(s) < {faint} ? 0 : Math.min(1, Math.abs(s));
    span.style.background = a ? `rgba(${{s > 0 ? "{red}" : "{blue}"}},${{a}})` : "";
    span.style.color = a > 0.7 ? "#fff" : "";
  }});
}}
chosen.addEventListener("change", colour);
function showValue(event) {{
  const i = event.target.dataset.i;
  if (i) document.getElementById("value").textContent =
    `${{JSON.stringify(data.pieces[i])}}: ${{data.views[chosen.value].values[i]}}`;
}}
text.addEventListener("mouseover", showValue);
text.addEventListener("click", showValue);
for (const link of document.querySelectorAll("a[data-view]")) {{
  link.addEventListener("click", (event) => {{
    event.preventDefault();
    chosen.value = link.dataset.view;
    colour();
  }});
}}
colour();
</script>
</html>
"""
