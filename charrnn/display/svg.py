"""Charts as SVG, which needs no package: axes, curves and legends that also print in grey.

Such a picture has colours for light and for dark pages, no script and no ids, and loads nothing, so
a page may contain several.
"""

import html
import math
import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from charrnn.display.charts import Chart, Line, Points
from charrnn.display.stdout import on_one_line

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#24292f")
"""Okabe and Ito's, which the colour-blind tell apart, without the yellow that white swallows."""
DASHES = ((), (6, 3), (2, 3), (8, 3, 2, 3))  # of the curves after each palette

_MARKERS = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z", "m-3-3h6v6h-6z", "m0-4l4 7h-8z",
    "m0-4.5l4.5 4.5-4.5 4.5-4.5-4.5z", "m0 4l4-7h-8z", "m-4 0l7-4v8z", "m4 0l-7-4v8z",
)  # fmt: skip
WIDTH, _PLOT, EDGE, _ROW = 640, 280, 16, 20  # pixels: a picture, a plot's height, margins, a text
_LETTER = 8.0  # pixels of a letter, about
MARKERS_EACH = 8  # of a curve
_PIECES = 150  # of a long curve, of each of which the lowest and the highest point are drawn
MARGIN = 0.04  # of the plot, above and below the curves

_NO_XML = re.compile("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = """
.charrnn-picture{max-width:100%;height:auto;font:13px system-ui,sans-serif;stroke-linejoin:round;
stroke-linecap:round}
.charrnn-picture .paper{fill:#fff}
.charrnn-picture .grid{stroke:#d8dee4;fill:none}
.charrnn-picture text{fill:#24292f}
.charrnn-picture text.head{font-weight:600}
.charrnn-picture text.faint{fill:#59636e}
.charrnn-picture text.letters{font-family:ui-monospace,Menlo,Consolas,monospace;white-space:pre}
""" + "".join(
    f".charrnn-picture .c{n}{{stroke:{colour};fill:{colour}}}\n" for n, colour in enumerate(PALETTE)
) + """@media (prefers-color-scheme:dark){
.charrnn-picture .paper{fill:#0d1117}
.charrnn-picture .grid{stroke:#30363d}
.charrnn-picture text{fill:#e6edf3}
.charrnn-picture text.faint{fill:#9198a1}
.charrnn-picture .c0{stroke:#2f95d6;fill:#2f95d6}
.charrnn-picture .c6{stroke:#e6edf3;fill:#e6edf3}}
.charrnn-picture text.strong{fill:#fff}
"""  # fmt: skip


def svg_of(charts: Sequence[Chart]) -> str:
    """The charts below each other, as one SVG."""
    parts, top = [], 0.0
    for chart in charts:
        drawn, height = _chart(chart)
        parts.append(f'<g transform="translate(0 {top:g})">{"".join(drawn)}</g>')
        top += height
    heads = [chart.title or chart.note or chart.y.title for chart in charts]
    about = "; ".join(map(_description, charts))
    return document("; ".join(heads), about, "".join(parts), top)


def document(title: str, description: str, content: str, height: float) -> str:
    """An SVG as wide as all of them, with the texts that it is read aloud as."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="charrnn-picture" role="img" '
        f'width="{WIDTH}" height="{height:g}" viewBox="0 0 {WIDTH} {height:g}">'
        f"<title>{_escaped(title)}</title><desc>{_escaped(description)}</desc>"
        f"<style>{_STYLE}</style>"
        f'<rect class="paper" width="100%" height="100%"/>{content}</svg>\n'
    )


def _description(chart: Chart) -> str:
    names = ", ".join(dict.fromkeys(line.name for line in chart.lines))
    return f"{chart.y.title} over {chart.x.title}: {names}"


def _chart(chart: Chart) -> tuple[list[str], float]:
    """The elements of a chart, and its height."""
    head, note = chart.title or chart.note, chart.note if chart.title else ""
    parts, y = [], 14.0
    for text, kind in ((head, "head"), (chart.y.title, "faint")):
        if text:
            y += _ROW
            parts.append(text_element(EDGE, y - 8, text, kind))
    parts += _plot(chart, y)
    y += _PLOT + 2 * _ROW
    parts.append(text_element(WIDTH / 2, y, chart.x.title, "faint", "middle"))
    y += _ROW / 2
    legend, rows = _legend(chart.lines, y)
    y += rows * _ROW
    if note:
        y += _ROW
        parts.append(text_element(EDGE, y - 4, note, "faint"))
    return parts + legend, y + EDGE


def _plot(chart: Chart, top: float) -> Iterator[str]:
    """The grid with its labels, and the curves."""
    (x_low, x_high), (y_low, y_high) = chart.x.ends(), chart.y.ends(MARGIN)
    rows = chart.y.ticks(_PLOT // 45)
    left = 2 * EDGE + _LETTER * max(map(len, rows.values()))
    width = WIDTH - left - 2 * EDGE

    def place(x: float, y: float) -> tuple[float, float]:
        """In pixels from the corner of the plot; not finite where y is not."""
        across, down = (x - x_low) / (x_high - x_low), (y_high - y) / (y_high - y_low)
        return across * width, max(down * _PLOT, -9999.0) if math.isfinite(y) else math.nan

    for value, label in rows.items():
        y = top + place(x_low, value)[1]
        yield f'<path class="grid" d="M{_n(left)} {_n(y)}h{_n(width)}"/>'
        yield text_element(left - 8, y + 4, label, "faint", "end")
    for value, label in chart.x.ticks(int(width // 90)).items():
        x = left + place(value, y_low)[0]
        yield f'<path class="grid" d="M{_n(x)} {_n(top)}v{_PLOT}"/>'
        yield text_element(x, top + _PLOT + 16, label, "faint", "middle")
    yield f'<path class="grid" d="M{_n(left)} {_n(top)}h{_n(width)}v{_PLOT}h-{_n(width)}z"/>'
    # markers may stick out by 5 pixels; what lies above the plot is cut
    yield (
        f'<svg x="{_n(left - 5)}" y="{_n(top)}" width="{_n(width + 10)}" height="{_PLOT}" '
        f'viewBox="-5 0 {_n(width + 10)} {_PLOT}">'
    )
    for line in sorted(chart.lines, key=lambda line: line.thin)[::-1]:  # the first on top
        points, upper = ([place(*p) for p in _thinned(each)] for each in (line.points, line.upper))
        every = max(1, len(points) // MARKERS_EACH)
        yield _curve(line, points, upper, points[line.number % every :: every])
    yield "</svg>"


def _curve(line: Line, points: Points, upper: Points, markers: Points) -> str:
    """A curve through points in pixels, or a band between them, with its markers."""
    dashes = DASHES[line.number // len(PALETTE) % len(DASHES)]
    dashed = f' stroke-dasharray="{" ".join(map(str, dashes))}"' if dashes else ""
    thick = ' stroke-width="2"' if line.mark and not line.thin else ""
    parts = [f'<path fill="none"{thick}{dashed} d="{_path(points)}{_path(upper)}"/>']
    if upper:
        parts.append(
            f'<path stroke="none" fill-opacity=".2" d="{_path([*points, *upper[::-1]])}"/>'
        )
    elif thick:
        shape = _MARKERS[line.number % len(_MARKERS)]
        shapes = "".join(f"M{_n(x)} {_n(y)}{shape}" for x, y in markers if math.isfinite(y))
        parts.append(f'<path stroke="none" d="{shapes}"/>')
    return f'<g class="c{line.number % len(PALETTE)}">{"".join(parts)}</g>'


def _path(points: Points) -> str:
    """A line through the points, with gaps where they are not finite."""
    parts, pen = [], "M"
    for x, y in points:
        if math.isfinite(y):
            # h0: a point between two gaps is a dot
            parts.append(f"{pen}{_n(x)} {_n(y)}" + "h0" * (pen == "M"))
        pen = "L" if math.isfinite(y) else "M"
    return "".join(parts)


def _thinned(points: Points) -> Points:
    """The points, of many only the first, the last, and the lowest and highest in each piece."""
    size = math.ceil(len(points) / _PIECES)
    if size <= 2:
        return points
    kept = {0, len(points) - 1}
    for first in range(0, len(points), size):
        piece = range(first, min(first + size, len(points)))
        finite = [n for n in piece if math.isfinite(points[n][1])] or piece[:1]
        kept |= {min(finite, key=lambda n: points[n][1]), max(finite, key=lambda n: points[n][1])}
    return [points[n] for n in sorted(kept)]


def _legend(lines: Sequence[Line], top: float) -> tuple[list[str], int]:
    """A sample and the name of each curve, in columns, and the number of their rows."""
    keys: dict[str, Line] = {}
    for line in lines:
        keys.setdefault(line.name, line)  # the runs of a group share one
    widest = max((cell_len(on_one_line(name)) for name in keys), default=0) * _LETTER + 56
    columns = max(1, int((WIDTH - EDGE) // widest))
    parts = []
    for number, (name, line) in enumerate(keys.items()):
        x = EDGE + number % columns * widest
        y = top + _ROW * (number // columns + 1) - 8
        upper = [(x, y - 4), (x + 28, y - 4)] if line.upper else []
        parts.append(_curve(line, [(x, y), (x + 28, y)], upper, [(x + 14, y)]))
        parts.append(text_element(x + 36, y + 4, name))
    return parts, math.ceil(len(keys) / columns)


def text_element(
    x: float, y: float, text: str, kind: str = "", anchor: str = "start", width: float = 0.0
) -> str:
    """The text on one line: as wide as `width` says, or cut where the picture ends."""
    cells = int((WIDTH - EDGE - x) / _LETTER) if anchor == "start" else WIDTH
    text = on_one_line(text)
    if not width and cell_len(text) > cells:
        text = set_cell_size(text, cells - 1) + "…"
    wanted = {"class": kind, "text-anchor": anchor.removeprefix("start"), "textLength": _n(width)}
    given = "".join(
        f' {name}="{value}"' for name, value in wanted.items() if value not in ("", "0")
    )
    return f'<text x="{_n(x)}" y="{_n(y)}"{given}>{_escaped(text)}</text>'


def _escaped(text: str) -> str:
    """The text as markup that shows it, without the characters that XML cannot have."""
    return html.escape(_NO_XML.sub("\ufffd", on_one_line(text)))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
