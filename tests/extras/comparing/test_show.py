"""Runs side by side."""

import json
import statistics
from dataclasses import replace

import pytest

from charrnn.display.reports import show
from charrnn.display.wording import score_name
from charrnn.events import Curves
from charrnn.extras.comparing.comparison import Group, told_apart
from charrnn.extras.comparing.show import (
    RunCurves,
    charts,
    comparison_report,
    curves_of,
    curves_report,
)
from tests.display.conftest import WIDTHS, curves
from tests.extras.comparing.conftest import compared, group

ROWS = [group("tale-lstm", 2.0, 2.1, 2.3), group("a-run-with-quite-a-long-name", 2.5)]


@pytest.mark.parametrize("columns", WIDTHS)
def test_names_and_bits_are_whole_at_any_width(printed, columns):
    """A column of names that disappears at 60 columns, and digits that are cut."""
    out = printed(columns, show, comparison_report(ROWS), False)
    assert max(map(len, out.splitlines())) <= columns
    table = out.partition("╭")[0]
    assert "…" not in table
    assert "2.133 ± 0.153" in table
    assert "2.500" in table
    assert "tale-lstm (3 seeds)" in table
    assert "A" in table.split()
    assert "B" in table.split()


def test_columns_go_in_the_order_of_their_weight(printed):
    """chars/s at the cost of the network's name."""
    tables = [printed(n, show, comparison_report(ROWS), False).splitlines() for n in (40, 80, 120)]
    heads = [next(line.split() for line in lines if line.endswith("bits")) for lines in tables]
    assert heads[0] == ["run", "bits"]
    assert heads[1] == ["run", "network", "parameters", "steps", "bits"]
    assert heads[2] == ["run", "network", "parameters", "steps", "time", "chars/s", "bits"]


def test_corpora_have_charts_of_their_own_unless_asked(printed):
    """Two texts on one axis, where the easier text seems the better network."""
    rows = [group("one", 2.0), group("two", 2.1), group("three", 1.0, corpus="other"),
            group("four", 1.1, corpus="other")]  # fmt: skip
    apart = printed(80, show, comparison_report(rows), False)
    assert apart.count("╭") == 2
    assert "test part of other" in apart
    together = printed(80, show, comparison_report(rows, together=True), False)
    assert together.count("╭") == 1
    assert "tale, other" in together


def test_a_model_of_bytes_has_bits_per_byte(printed):
    """Bits per byte under the name of bits per character, or beside them in one column."""
    byte = group("bytes", 3.0, unit="byte")
    out = printed(120, show, comparison_report([byte]), False)
    assert "Bits per byte" in out
    assert "1.500" in out
    assert "bytes/s" in out
    assert "character" not in out
    mixed = printed(120, show, comparison_report([byte, group("tale", 2.0)], together=True), False)
    assert "Bits per byte" in mixed
    assert mixed.count("╭") == 2


def test_a_group_and_a_run_of_one_name_are_told_apart(printed):
    """Two rows of one colour and mark, and a legend of one entry."""
    rows = told_apart([Group("tale", group("tale", 2.0, 2.1).runs), group("tale", 3.0)])
    out = printed(80, show, comparison_report(rows), False)
    assert "A tale-s1 (2 seeds)   B tale" in out
    assert len({curves.run for curves in curves_of(rows)}) == 2


def test_json_has_curves_only_if_asked(printed):
    """A megabyte of curves between the figures that a script reads."""
    short = [
        json.loads(line) for line in printed(80, show, comparison_report(ROWS), True).splitlines()
    ]
    assert [row["run"] for row in short[:4]] == [run.run for row in ROWS for run in row.runs]
    assert all("training" not in row for row in short)
    bits = [2.0, 2.1, 2.3]
    assert short[4]["runs"] == [run.run for run in ROWS[0].runs]
    assert short[4]["bits_per_character"] == pytest.approx(statistics.mean(bits))
    assert short[4]["bits_per_character_deviation"] == pytest.approx(statistics.stdev(bits))
    whole = printed(80, show, comparison_report(ROWS, curves=True), True).splitlines()
    assert json.loads(whole[0])["training"][0]["step"] == 10


RUNS = [RunCurves("one", "tale", curves()), RunCurves("two", "tale", curves(last=3.0))]


@pytest.mark.parametrize("columns", WIDTHS)
def test_runs_are_told_apart_in_a_pipe(printed, columns):
    """Curves that only their colours told apart."""
    out = printed(columns, show, curves_report(RUNS), False)
    assert "\x1b" not in out
    for mark, name in (("A", "one"), ("B", "two")):
        assert f"{mark} {name}" in out
        assert out.count(mark) > 1, "in the chart, too"


def test_units_never_share_an_axis():
    """Bits per byte and per character in one chart, even where corpora may share one."""
    runs = [*RUNS, RunCurves("bytes", "tale", curves("byte"))]
    titles = [chart.y.title for chart in charts(runs, "time", together=True)]
    assert titles == ["bits per character", "bits per byte"]


def test_runs_are_compared_by_what_all_of_them_have():
    """A run without a validation part that has a legend and no curve."""
    bare = RunCurves("bare", "tale", Curves(curves().training, []))
    (chart,) = charts([*RUNS, bare], "time", together=False)
    assert "training" in chart.title
    assert all(line.points for line in chart.lines)
    (chart,) = charts(RUNS, "time", together=False)
    assert "validation" in chart.title


@pytest.mark.parametrize(
    ("scores", "shown"),
    [({"accuracy": 0.9, "macro_f1": 0.5, "bits_per_label": 1.0}, "90.00%"),
     ({"character_error_rate": 0.1, "bits_per_symbol": 1.0}, "10.00%"),
     ({"span_f1": 0.875, "accuracy": 0.9, "bits_per_tag": 1.0}, "0.875")],
)  # fmt: skip
def test_the_score_of_a_task_comes_first_and_ranks_its_runs(printed, scores, shown):
    """Bits alone, or a list that begins with the worst accuracy or error rate."""
    better = replace(compared("one", 1.0), scores=scores)
    name, score = next(iter(scores.items()))
    worse = score + (0.05 if "error" in name else -0.05)
    assert better.rank < replace(better, scores=scores | {name: worse}).rank
    lines = printed(200, show, comparison_report([Group("one", [better])]), False).splitlines()
    heads = next(line for line in lines if line.endswith("bits"))
    row = lines[lines.index(heads) + 1]
    assert row.index(shown) < row.index("1.000")
    assert heads.index(score_name(name)) < heads.index("bits")
    narrow = printed(40, show, comparison_report([Group("one", [better])]), False)
    assert score_name(name) in narrow.partition("Not enough")[0]


def test_copies_of_a_run_are_no_seeds(printed):
    """A deviation of 0 over four copies, as if four seeds had been trained."""
    copies = Group("tale", [compared("tale", 2.0), compared("copy", 2.0)])
    assert "tale (2 runs)" in printed(80, show, comparison_report([copies]), False)
