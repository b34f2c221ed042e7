"""A forward pass to follow by hand: each step's gates and states, layer by layer, and its logits.

Before the first step the network has read what stands before every text: a line end, as a rule.
"""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from charrnn.cells.arrays import softmax
from charrnn.display.console import BLUE, FAINT, RED
from charrnn.display.reports import Report
from charrnn.display.stdout import filled
from charrnn.inference.activations import Activations, Values
from charrnn.tables import Cell, Figure, Table

_SHOWN = 8  # units, and tokens, that a terminal shows
_ON_PAGE = 64  # that a page shows
_NOTE = "After each character: the gates and the states of each layer, by unit; then the logits"


@dataclass(frozen=True)
class Step:
    """What a network computes as it reads token `number` of a text, from 1.

    `values` (H,) by the names of gates and states, in the order in which they are computed;
    `logits` (V,) of the next token, and the `names` of all tokens.
    """

    number: int
    token: int
    text: str
    bits: float
    values: dict[str, Values]
    logits: Values
    names: Sequence[str]

    def record(self) -> dict[str, Any]:
        """As JSON has it: all units, and the logit of every token by its name."""
        values = {name: np.round(array, 6).tolist() for name, array in self.values.items()}
        logits = dict(zip(self.names, np.round(self.logits, 6).tolist(), strict=True))
        about = {"step": self.number, "token": self.token, "text": self.text}
        return {**about, "bits": round(self.bits, 4), "values": values, "logits": logits}

    @property
    def title(self) -> str:
        """What is read, and how surprising it was."""
        return f"step {self.number} reads {self.text!r}, which took {self.bits:.2f} bits"

    def rows(self, most: int) -> Iterator[tuple[str, list[str]]]:
        """A name and its figures, at most so many of each: the likeliest tokens come last."""
        for name, array in self.values.items():
            yield name, [f"{value:.2f}" for value in array[:most]]
        best = np.argsort(-self.logits, kind="stable")[:most]
        chances = softmax(self.logits)[best]
        yield "next", [repr(self.names[token]) for token in best]
        yield "logit", [f"{self.logits[token]:.2f}" for token in best]
        yield "probability", [f"{chance:.0%}" for chance in chances]


def steps_of(read: Activations, names: Sequence[str]) -> list[Step]:
    """The steps of a text, from what a network made of it; `names` of the tokens (V)."""
    values = sorted((read.gates | read.units).items(), key=lambda item: int(item[0].split(".")[0]))
    return [
        Step(
            number + 1, int(token), read.text[number], float(read.bits[number]),
            {name: array[number] for name, array in values}, read.logits[number], names,
        )
        for number, token in enumerate(read.ids)
    ]  # fmt: skip


def steps_report(steps: Sequence[Step]) -> Report:
    """A table of each step, with the first units."""
    tables = [Table(notes=[_NOTE])]
    for step in steps:
        cells: list[list[Cell]] = [
            [name, *map(Figure, [*figures, *[""] * (_SHOWN - len(figures))])]
            for name, figures in step.rows(_SHOWN)
        ]
        units = max(map(len, step.values.values()), default=0)
        heads = [str(unit) if unit < units else "" for unit in range(_SHOWN)]
        optional = heads[:2:-1]
        tables.append(Table(["", *heads], cells, step.title, optional=optional, wraps=None))
    return Report((step.record() for step in steps), tables)


def steps_page(title: str, steps: Sequence[Step]) -> str:
    """The same as a page, with more units, each figure in its colour."""
    parts = {
        "title": html.escape(title),
        "about": f"{_NOTE}.",
        "steps": "".join(_table(step) for step in steps),
    }
    template = (files("charrnn.extras.probing") / "steps.html").read_text("utf-8")
    return filled(template, parts)


def _table(step: Step) -> str:
    rows = []
    for name, figures in step.rows(_ON_PAGE):
        values = step.values.get(name, np.zeros(len(figures)))
        cells = "".join(
            f'<td style="background:{_colour(value)}">{html.escape(figure)}'
            for value, figure in zip(values, figures, strict=False)
        )
        rows.append(f"<tr><th>{html.escape(name)}{cells}")
    return f"<h2>{html.escape(step.title)}</h2><div><table>{''.join(rows)}</table></div>\n"


def _colour(value: float) -> str:
    """Red above zero and blue below, the stronger the further, up to 1."""
    strength = min(1.0, abs(float(value))) / 2  # so that the figure stays legible
    if strength < FAINT / 2:
        return "none"
    return f"rgba({','.join(map(str, RED if value > 0 else BLUE))},{strength:.2f})"
