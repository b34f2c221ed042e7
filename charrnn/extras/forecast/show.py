"""A forecast as a picture in a file, drawn by matplotlib."""

from pathlib import Path

import numpy as np

from charrnn.display.figures import write_figure
from charrnn.text.tokenizers.number_scale import Values


def save_figure(path: Path | None, known: Values, quantiles: Values, title: str) -> None:
    """Draw the last numbers (K,), then the low end, median and high end (3, N) of what follows.

    In a file, or as PNG on stdout.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, quantiles.shape[1] + 1)
    low, median, high = quantiles
    axes.plot(np.arange(1 - len(known), 1), known, color="black", linewidth=1, label="known")
    axes.plot(steps, median, color="C0", label="median")
    axes.fill_between(steps, low, high, color="C0", alpha=0.25, label="interval of 80 %")
    axes.set_xlabel("steps after the end")
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend()
    write_figure(figure, path)
