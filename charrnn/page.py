"""A text as a network saw it, as one web page that needs nothing else."""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from charrnn.play.reading import Read
from charrnn.play.units import OPEN, SHUT, Findings
from charrnn.play.view import BLUE, FAINT, RED, SURPRISE, View

LONGEST = 10_000
"""Tokens that a page shows; what is found is found in all of the text."""


def views(findings: Findings, wished: Sequence[View]) -> list[View]:
    """Surprise, what was wished for, the best unit of each property, every gate."""
    best = {
        unit.follows: View("unit", unit.state, unit.number)
        for unit in reversed(findings.following())
    }
    gates = [View("gate", gate.name) for gate in findings.saturation()]
    return list(dict.fromkeys([SURPRISE, *wished, *reversed(best.values()), *gates]))


def page(title: str, reads: Iterable[Read], shown: Sequence[View], findings: Findings) -> str:
    """The page, with the text in the colours of each view."""
    pieces: list[str] = []
    values: list[list[float]] = [[] for _ in shown]
    shades: list[list[int]] = [[] for _ in shown]
    for read in reads:
        pieces += read.text
        for number, view in enumerate(shown):
            found = view.values(read)
            values[number] += np.round(found, 2).tolist()
            shades[number] += np.round(100 * view.shades(found)).astype(int).tolist()
    data = {
        "pieces": pieces,
        "views": [
            {"title": view.title, "ends": view.ends, "values": v, "shades": s}
            for view, v, s in zip(shown, values, shades, strict=True)
        ],
    }
    cut = f" The first {len(pieces):,} are shown." if findings.tokens > len(pieces) else ""
    return _PAGE.format(
        title=html.escape(title),
        about=findings.summary + cut,
        red="{},{},{}".format(*RED),
        blue="{},{},{}".format(*BLUE),
        faint=FAINT,
        units=_units(findings, [view.title for view in shown]),
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
    head = f"<tr><th>gate<th>mean<th>below {SHUT:g}<th>above {OPEN:g}"
    return f"<h2>Gates</h2><table>{head}{rows}</table>"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
  color: #222; background: #fff; }}
h1 {{ font-size: 1.3rem; margin: 0 }} h2 {{ font-size: 1rem; margin: 1.5rem 0 .3rem }}
p {{ margin: .2rem 0 1rem; color: #666 }}
main {{ display: flex; gap: 2rem; align-items: flex-start; flex-wrap: wrap }}
#text {{ flex: 1 1 36rem; font: 14px/1.45 ui-monospace, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; margin: 0; max-height: 80vh; overflow-y: auto; padding: .6rem;
  border: 1px solid #ddd; border-radius: 6px }}
aside {{ flex: 0 1 22rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .1rem .8rem .1rem 0; text-align: left;
  font-variant-numeric: tabular-nums }} th {{ font-weight: normal; color: #666 }}
select {{ font: inherit; padding: .2rem; max-width: 100% }} a {{ color: rgb({blue}) }}
#bar {{ position: sticky; top: 0; background: #fff; padding: .5rem 0; min-height: 2rem }}
#said {{ color: #666; margin-left: 1rem }}
#low, #high {{ padding: 0 .4rem; border-radius: 3px; color: #fff; background: rgb({red}) }}
#low {{ background: rgb({blue}) }} #low.none {{ background: none; color: #666 }}
</style>
<h1>{title}</h1><p>{about}</p>
<main><pre id="text"></pre>
<aside><div id="bar"><label>Colour by <select id="view"></select></label><br>
<span id="low"></span> <span id="high"></span><span id="said"></span></div>
<h2>Units that follow a property</h2><table><tr><th>property<th>unit<th>correlation{units}</table>
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
text.addEventListener("mouseover", (event) => {{
  const i = event.target.dataset.i;
  if (i) document.getElementById("said").textContent =
    `${{JSON.stringify(data.pieces[i])}} ${{data.views[chosen.value].values[i]}}`;
}});
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
