"""How well labels are predicted, on stdout: the scores, each label, and who is taken for whom."""

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.text import Text

from charrnn.display.stdout import escaped
from charrnn.display.tables import Column, fitted
from charrnn.display.wording import plural
from charrnn.tasks.outputs.label_scores import LabelScore

_MOST = 12  # labels whose confusion is shown


def print_label_score(out: Console, score: LabelScore, names: Sequence[str]) -> None:
    """The accuracy, each label of these names, and up to a dozen labels' confusion."""
    rare = f"macro F1 {score.macro_f1:.3f}, {score.bits_per_label:.3f} bits per label"
    examples = plural(score.examples, "example")
    out.print(Text(f"accuracy {score.accuracy:.1%} of {examples}", "bold"))
    out.print(Text(rare, "dim"))
    out.print()
    out.print(fitted(_per_label(score, names), out.width))
    if len(names) <= _MOST:
        out.print()
        out.print(Text("rows: the true label; columns: the predicted one", "dim"))
        out.print(fitted(_confusion(score, names), out.width))


def _per_label(score: LabelScore, names: Sequence[str]) -> list[Column]:
    """A row for each label that occurs, or is predicted."""
    true, said = score.confusion.sum(1), score.confusion.sum(0)
    right, there = np.diagonal(score.confusion), true + said > 0
    figures = {
        "precision": right / np.maximum(said, 1),
        "recall": right / np.maximum(true, 1),
        "F1": score.f1,
    }
    shown = [escaped(name) for name, is_there in zip(names, there, strict=True) if is_there]
    return [
        Column("label", shown, left=True, wraps=True),
        Column("examples", [f"{count:,}" for count in true[there]]),
        *(Column(name, [f"{x:.3f}" for x in values[there]]) for name, values in figures.items()),
    ]


def _confusion(score: LabelScore, names: Sequence[str]) -> list[Column]:
    shown = [escaped(name)[:10] for name in names]
    columns = [
        Column(name, [_count(n, row == column) for row, n in enumerate(counts)], drop=1)
        for column, (name, counts) in enumerate(zip(shown, score.confusion.T, strict=True))
    ]
    return [Column("", shown, left=True), *columns]


def _count(number: int, is_right: bool) -> Text:
    return Text(f"{number:,}" if number else "", "bold" if is_right else "")
