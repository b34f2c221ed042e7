"""The attention of each predicted symbol to its source: a map in the terminal, a web page."""

import base64
import html
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from charrnn.display.console import RED, output_console, shade_style
from charrnn.display.stdout import on_one_line, write_bytes
from charrnn.text.pictures import png_of
from charrnn.text.tokenizers import valid_unicode

if TYPE_CHECKING:
    from charrnn.tasks.outputs.sequence_prediction import TextPrediction

_FAINT = 0.05  # attention that is not shown
_MOST = 500  # texts on a page
_ENLARGED = 1.5  # pixels of the page for one of a picture


def print_attention(prediction: "TextPrediction") -> None:
    """Print a row a symbol, a column a token of the source, or a column of the picture's grid.

    A digit counts tenths of the attention.
    """
    out = output_console()
    weights = prediction.attention
    if prediction.grid:
        weights = weights.reshape(len(weights), *prediction.grid).sum(1)
    names = [on_one_line(valid_unicode(name)) for name in prediction.source]
    wide = 1 + max([2, *map(len, names)]) if names else 2
    symbols = [on_one_line(valid_unicode(symbol)) for symbol in prediction.symbols]
    left = max(map(len, symbols), default=0) + 2
    lines = []
    if names:
        lines.append(Text(" " * left + "".join(f"{name:>{wide - 1}} " for name in names), "dim"))
    for symbol, row in zip(symbols, weights, strict=True):
        line = Text(f"{symbol:>{left - 1}} ")
        for weight in row.tolist():
            tenths = f"{min(9, int(10 * weight))}" if weight >= _FAINT else "·"
            line.append(f"{tenths:>{wide - 1}} ", shade_style(weight))
        lines.append(line)
    for line in [*lines, Text()]:
        out.print(line, soft_wrap=True)


class AttentionPage:
    """A self-sufficient page of predictions and their attention."""

    def __init__(self, run: str, path: Path | None) -> None:
        """`path`: where `save` writes it; None for stdout."""
        self.path, self.run = path, run
        self._articles: list[str] = []
        self._left_out = 0

    def add(self, prediction: "TextPrediction") -> None:
        """Add a prediction, unless there are many already."""
        if len(self._articles) == _MOST:
            self._left_out += 1
            return
        shown = _pictures(prediction) if prediction.pixels is not None else _table(prediction)
        self._articles.append(f"<article><h2>{_escaped(prediction.text)}</h2>{shown}</article>")

    def save(self) -> None:
        """Write the page, whole or not at all."""
        title = f"Attention of {_escaped(self.run)}"
        about = "The stronger the colour, the greater the attention of a symbol."
        if self._left_out:
            about += f" {self._left_out:,} more texts are not shown."
        page = _PAGE.format(title=title, about=about, body="".join(self._articles))
        write_bytes(page.encode(), self.path)


def _table(prediction: "TextPrediction") -> str:
    """Rows of symbols, columns of tokens."""
    names = prediction.source or [str(n + 1) for n in range(prediction.attention.shape[-1])]
    head = "".join(f"<th>{_escaped(name)}" for name in names)
    rows = []
    for symbol, weights in zip(prediction.symbols, prediction.attention.tolist(), strict=True):
        cells = "".join(f'<td style="{_shade(w)}" title="{w:.0%}">' for w in weights)
        rows.append(f"<tr><th>{_escaped(symbol)}{cells}")
    return f"<table><tr><th>{head}{''.join(rows)}</table>"


def _pictures(prediction: "TextPrediction") -> str:
    """The picture once for each symbol, coloured by attention."""
    assert prediction.pixels is not None
    assert prediction.grid
    picture = base64.b64encode(png_of(prediction.pixels)).decode()
    height, width = (_ENLARGED * side for side in prediction.pixels.shape)
    rows, columns = prediction.grid
    figures = []
    for symbol, weights in zip(prediction.symbols, prediction.attention.tolist(), strict=True):
        most = max(weights)
        cells = "".join(f'<i style="{_shade(w / most)}" title="{w:.0%}"></i>' for w in weights)
        grid = f"grid-template:repeat({rows},1fr)/repeat({columns},1fr)"
        figures.append(
            f'<figure><div style="width:{width:g}px;height:{height:g}px;{grid};'
            f'background-image:url(data:image/png;base64,{picture})">{cells}</div>'
            f"<figcaption>{_escaped(symbol)}</figcaption></figure>"
        )
    return f'<div class="pictures">{"".join(figures)}</div>'


def _shade(weight: float) -> str:
    return "background:rgba({},{},{},{:.2f})".format(*RED, 0.75 * weight) if weight > 0.02 else ""


def _escaped(text: str) -> str:
    return html.escape(on_one_line(valid_unicode(text))).replace(
        " ", "\N{OPEN BOX}" if text == " " else " "
    )


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem;
  padding: 0 1rem; color: #222; background: #fff }}
h1 {{ font-size: 1.3rem; margin: 0; overflow-wrap: anywhere }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .4rem; overflow-wrap: anywhere }}
p, figcaption, th {{ color: #666; font-weight: normal }}
article {{ overflow-x: auto }}
table {{ border-collapse: collapse; font: 14px/1.3 ui-monospace, monospace }}
td, th {{ min-width: 1.6em; height: 1.6em; text-align: center; padding: 0 .2em }}
td {{ border: 1px solid #8883 }}
.pictures {{ display: flex; flex-wrap: wrap; gap: .6rem }}
figure {{ margin: 0 }} figure div {{ display: grid; background-size: 100% 100% }}
figcaption {{ text-align: center; font-family: ui-monospace, monospace }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #e4e6ea; background: #16181c }} p, figcaption, th {{ color: #9aa0a8 }}
}}
</style>
<h1>{title}</h1><p>{about}</p>
{body}
</html>
"""
