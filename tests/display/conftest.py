"""Runs made up for the display: no training needed."""

import io
import sys

import pytest
from rich.console import Console

from charrnn.events import (
    Curves,
    Evaluated,
    Event,
    Finished,
    Planned,
    Point,
    Prepared,
    Sampled,
    Started,
    Stepped,
    Unit,
)

WIDTHS = (40, 60, 80, 120)
VALID = "valid", "stream"
ABOUT = {
    "run": "tale", "corpus": "tale", "step": 1, "steps": 9, "parameters": 12345,
    "vocabulary_size": 65,
    "model": {"cell": "lstm", "layers": 2, "hidden_size": 32, "task": "text", "crf": False},
    "train": {"time": None, "seed": 1}, "text": {"tokenizer": "byte"},
    "weights": {"layers.0.weight_ih": [128, 16]},
}  # fmt: skip
"""A run as JSON."""


def scores(per_character: float, per_byte: float) -> dict[str, float]:
    """The scores of a language model."""
    return {"bits_per_character": per_character, "bits_per_byte": per_byte}


def events(unit: Unit = "character", steps: int = 100, interrupted: bool = False) -> list[Event]:
    """What a run of `steps` steps reports; a byte has half the bits of a character."""
    found: list[Event] = [
        Prepared("tale", "corpora/tale", 1_003_855, 65, False),
        Started("tale", "checkpoints/tale", "tale", 1_003_855, 65, unit, "lstm 2x256", 876_929,
                "muon", "linear", "cpu", "bf16", 1, 32, 0),
        Planned(steps),
    ]  # fmt: skip
    for step in range(10, steps + 1, 10):
        bits, elapsed, epoch = 2 + 10 / step, step / 10, step / 40
        found.append(
            Stepped(step, steps, bits, scores(bits, bits / 2), 0.01, 5000.0, 4000.0, elapsed, epoch)
        )
        found.append(
            Evaluated(step, *VALID, bits, scores(bits + 0.1, bits / 2 + 0.1), True, elapsed, epoch)
        )
    found.append(Sampled(steps, "the old king\nsat by the sea"))
    beside = {"guessing": scores(6.02, 5.01), "zlib": scores(3.0, 2.9), "xz": scores(2.52, 2.41)}
    measured = 2.2, scores(2.2, 1.2), beside
    found.append(Finished("tale", steps, steps - 10, *VALID, *measured, 10.0, interrupted))
    return found


def curves(unit: Unit = "character", last: float = 2.0) -> Curves:
    """Ten points of training and of validation, that fall to `last`."""
    points = [Point(step, step / 40, step / 2, last + 10 / step, 5000.0)
              for step in range(10, 101, 10)]  # fmt: skip
    return Curves(points, [point._replace(rate=None) for point in points], unit)


def plain(renderable: object, columns: int = 80) -> str:
    """The renderable as text without colours."""
    console = Console(width=columns, height=50, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def shown(display, *args):
    """What a function prints, on stdout and stderr, into a pipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", sys.stdout)
        display(*args)
        return sys.stdout.getvalue()
