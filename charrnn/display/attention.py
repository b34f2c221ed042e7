"""Where each symbol of a text that was written comes from, as a map in the terminal."""

from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from charrnn.display.console import output_console, shade_style
from charrnn.display.stdout import escaped
from charrnn.errors import UsageError
from charrnn.text.tokenizers import valid_unicode

if TYPE_CHECKING:
    from charrnn.inference.text_encoder import Float32
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.tasks.outputs.sequence import TextPrediction

_FAINT = 0.05  # attention that is not shown


def check_attention(checkpoint: "Checkpoint") -> None:
    """UsageError for a run without attention."""
    model = checkpoint.model
    if model.task not in ("rewrite", "caption") or model.attention == "none":
        raise UsageError(
            f"run {checkpoint.run} has no attention to show",
            "Name a run of --task rewrite or caption, trained without --attention none.",
        )


def attention_map(prediction: "TextPrediction") -> str:
    """A row a symbol, a column a token of the source, or a column of the picture's grid.

    A digit counts tenths of the attention.
    """
    out = output_console()
    weights = by_column(prediction)
    names = [escaped(valid_unicode(name)) for name in prediction.source]
    wide = 1 + max([2, *map(len, names)]) if names else 2
    symbols = [escaped(valid_unicode(symbol)) for symbol in prediction.symbols]
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
    with out.capture() as captured:
        for line in [*lines, Text()]:
            out.print(line, soft_wrap=True)
    return captured.get()


def by_column(prediction: "TextPrediction") -> "Float32":
    """The attention (T, S), of a picture (T, columns)."""
    weights = prediction.attention
    if prediction.grid:
        weights = weights.reshape(len(weights), *prediction.grid).sum(1)
    return np.asarray(weights, np.float32)
