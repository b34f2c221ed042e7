"""The training screen, built from events."""

import io

import pytest
from rich.console import Console

from charrnn.display.dashboard import Dashboard
from charrnn.events import Noticed, Progress
from tests.display.conftest import WIDTHS, curves, events


def recorded(found, columns=80, rows=40, running=True):
    """The messages and the screen after these events."""
    console = Console(file=io.StringIO(), width=columns, height=rows, record=True)
    dashboard = Dashboard(console)
    for event in found:
        dashboard(event)
    console.print(dashboard.render(running))
    return console.export_text()


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(("unit", "train", "valid"), [
    ("character", "2.100", "2.200"), ("byte", "1.050", "1.150"),
])  # fmt: skip
def test_progress_curves_and_sample_are_shown(columns, unit, train, valid):
    """A figure that is cut; bits per character of a byte model; a chart without its axes."""
    text = recorded(events(unit)[:-1], columns)
    words = " ".join(text.replace("│", " ").split())
    for word in (f"bits per {unit}", f"T training {train}", f"V validation {valid}", "step 100",
                 "100%", "training steps", "sat by the sea", f"{unit}s/s"):  # fmt: skip
        assert word in words
    if unit == "byte":
        assert "characters/s" not in words


def test_what_moves_goes_when_training_ends():
    """A bar at 100 % above the prompt; an ending without the next command."""
    text = recorded(events(), running=False)
    assert "characters/s" not in text
    assert "charrnn sample tale" in text
    assert "V validation 2.200" in text


def test_messages_stand_above_the_screen():
    """A notice that the next refresh wipes out."""
    text = recorded([*events()[:-1], Noticed("The disk is full.")])
    assert text.index("The disk is full.") < text.index("bits per character")


def test_work_without_steps_has_a_bar():
    """Minutes of preparing a corpus without a sign of life."""
    assert "50%" in recorded([Progress("reading", 1, 2)])
    assert "reading" not in recorded([Progress("reading", 2, 2)])


def test_a_resumed_run_keeps_its_curves():
    """A chart that starts in the middle of the run, or a point that was taken back."""
    dashboard = Dashboard(Console(width=80, quiet=True))
    start, stepped = events()[1], [e for e in events() if hasattr(e, "learning_rate")]
    dashboard(curves())
    dashboard(type(start)(**{**vars(start), "step": 50}))
    assert len(dashboard.training) == 10
    dashboard(stepped[5])
    assert [step for step, _ in dashboard.training] == [10, 20, 30, 40, 50, 60]


def test_one_run_after_another():
    """An ending that is lost when the next run starts; its curves in the next one's chart."""
    text = recorded([*events(), *events()[1:4]])
    assert "Trained tale for 100 steps" in text
    assert "step 10 " in text
    assert "V validation" not in text


@pytest.mark.parametrize(("columns", "rows"), [(8, 3), (20, 8), (300, 20)])
def test_any_size_will_do(columns, rows):
    """A layout that crashes a run because a terminal is small."""
    assert recorded(events(), columns, rows)
