"""Charts in a file."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from charrnn.display.figures import check_figure, write_figure
from charrnn.errors import UsageError
from charrnn.events import Curves
from charrnn.extras.comparing.show import RunCurves, pictured
from tests.display.conftest import curves


@pytest.fixture
def axes(monkeypatch):
    """The axes of what matplotlib saved last."""
    saved = []
    draw = Figure.savefig

    def savefig(figure, *args, **named):
        saved[:] = figure.axes
        draw(figure, *args, **named)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return saved


RUNS = [RunCurves(f"run{n}", "tale", curves(last=2.0 + n / 10)) for n in range(12)]


def save(path, runs, x="time", together=False):
    write_figure(pictured(runs, x, together), path)


def test_lines_are_told_apart_without_colours(tmp_path, axes):
    """Twelve runs of seven colours, printed in grey."""
    save(tmp_path / "a.pdf", RUNS)
    (only,) = axes
    thick = [line for line in only.get_lines() if line.get_linewidth() == 2]
    assert len(thick) * 2 == len(only.get_lines()) == 24
    assert len({(line.get_marker(), str(line._dash_pattern)) for line in thick}) == 12
    assert [text.get_text() for text in only.get_legend().get_texts()] == [r.run for r in RUNS]


@pytest.mark.parametrize(("x", "label", "last"), [
    ("steps", "training steps", 100), ("epochs", "epochs", 2.5), ("time", "training time", 50),
])  # fmt: skip
def test_axes_are_labelled(tmp_path, axes, x, label, last):
    """A picture that nobody can read a week later."""
    save(tmp_path / "a.png", [RunCurves("b", "tale", curves("byte"))], x)
    assert axes[0].get_xlabel() == label
    assert axes[0].get_ylabel() == "bits per byte"
    assert axes[0].get_lines()[0].get_xdata()[-1] == last
    assert axes[0].get_yticklabels()[0].get_text() == "2.20"


def test_corpora_share_axes_only_if_asked(tmp_path, axes):
    """Two texts whose losses seem comparable."""
    runs = [*RUNS[:2], RunCurves("other", "$x_{", curves())]
    save(tmp_path / "a.pdf", runs)
    assert len(axes) == 2
    save(tmp_path / "a.pdf", runs, together=True)
    assert len(axes) == 1


@pytest.mark.parametrize("ending", ["png", "svg"])
@pytest.mark.parametrize("runs", [[], [RunCurves("a", "tale", Curves([], []))]])
def test_nothing_to_draw_is_drawn(tmp_path, ending, runs):
    """A crash of a run that has no points yet, or of runs that were imported."""
    save(tmp_path / f"a.{ending}", runs)
    assert (tmp_path / f"a.{ending}").stat().st_size > 1000


@pytest.mark.parametrize("name", ["a.txt", "a", "png"])
def test_a_name_has_to_end_in_a_format(name):
    """An error of matplotlib's, after hours."""
    with pytest.raises(UsageError):
        check_figure(Path(name))
