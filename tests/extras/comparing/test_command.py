"""charrnn sweep, compare and plot, by the real command."""

import os
import re

import pytest

from charrnn.cells import CELLS
from tests.conftest import SMALL, lines, run_charrnn, tale

FEW = ("--steps", "6", "--layers", "1", *SMALL[2:])


def test_every_cell_is_trained_sampled_and_resumed(home, charrnn):
    """A cell that cannot be trained, sampled or resumed; a table whose best is not on top."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    done = charrnn("sweep", "tale.txt", "--cells", "all", "--parameters", "6000", "--json", *FEW)
    assert done.code == 0, done.err
    rows = lines(done.out)
    assert {row["cell"] for row in rows} == set(CELLS)
    bits = [row["bits_per_character"] for row in rows]
    assert bits == sorted(bits)
    for row in rows:
        assert row["parameters"] == pytest.approx(6000, rel=0.05)
        assert row["steps"] == 6
        assert "training" not in row
    name = rows[0]["run"]
    assert charrnn("sample", name, "--length", "20").code == 0
    assert charrnn("train", "--resume", "--run", name, "--steps", "9", "--quiet").code == 0
    again = charrnn("compare", "--part", "valid")
    assert again.code == 0, again.err
    assert all(row["run"] in again.out for row in rows)


def test_other_cells_get_as_many_parameters_as_the_first(home, charrnn):
    """A GRU that is compared with an LSTM of four gates at the same hidden size."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    args = ("sweep", "tale.txt", "--cells", "lstm,gru", "--seeds", "2", "--json")
    done = charrnn(*args, *FEW)
    assert done.code == 0, done.err
    rows = lines(done.out)
    runs = [row for row in rows if "run" in row]
    assert {(row["cell"], row["seed"]) for row in runs} == {
        ("lstm", 1), ("lstm", 2), ("gru", 1), ("gru", 2),
    }  # fmt: skip
    assert max(r["parameters"] for r in runs) < 1.05 * min(r["parameters"] for r in runs)
    groups = [row for row in rows if "group" in row]
    assert len(groups) == 2
    assert all(group["bits_per_character_deviation"] > 0 for group in groups)


def test_a_part_that_cannot_be_scored_is_refused_before_the_training(home, charrnn):
    """Hours of training, and then an error."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    done = charrnn("sweep", "tale.txt", "--cells", "lstm", "--split", "100/0/0", "--steps", "1")
    assert done.code == 3
    assert not list(home.glob("checkpoints/*/metrics.jsonl"))


def test_curves_are_drawn(used, trained):
    """A picture of nothing, in a format that nobody asked for; one that a pipe cannot read."""
    drawn = used("plot", "--x", "steps")
    assert "tale" in drawn.out
    assert used("plot", "tale", "--output", "one.png").code == 0
    assert (trained / "one.png").read_bytes().startswith(b"\x89PNG")
    assert used("compare", "tale", "-o", "one.svg").code == 0
    assert (trained / "one.svg").read_bytes().startswith(b"<svg")
    assert used("plot", "tale", "-o", "-").out.startswith("<svg")
    (trained / "one.png").unlink()
    (trained / "one.svg").unlink()
    (curves,) = lines(used("plot", "--json").out)
    assert curves["run"] == "tale"
    assert curves["validation"][-1]["step"] == 150
    (row,) = lines(used("compare", "--json", "--curves").out)
    assert row["validation"] == curves["validation"]


def test_tables_fit_a_terminal_of_80_columns(used):
    """Figures that are cut off in the middle, and in every pipe."""
    rows = used("compare", columns="80").out.splitlines()
    assert "bits" in rows[1]
    assert max(map(len, rows)) <= 80
    assert "…" not in "".join(rows)


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ("sweep tale.txt --cells lstn", 2, "lstm"),
        ("sweep --cells lstm", 2, "corpus"),
        ("sweep tale.txt --cells lstm --cell gru", 2, "exclude each other"),
        ("sweep a.tsv --task label --input picture --cells gru", 2, "--cell has no effect"),
        ("sweep tale.txt --parameters 9 --hidden-size 9", 2, "exclude each other"),
        ("sweep tale.txt --output tale.txt", 2, ".png"),
        ("compare tale --time 5s", 2, "charrnn train"),
        ("compare tale --curves", 2, "--json"),
        ("compare tale -o -", 2, "stdout takes the table"),
        ("compare nothing", 4, "Runs here: tale"),
        ("plot tale --output tale.txt", 2, ".png"),
        ("plot tale -o a.png --json", 2, "exclude each other"),
        ("plot nothing", 4, "Runs here: tale"),
        ("plot tale --x years", 2, "epochs"),
    ],
)
def test_wrong_requests_are_explained(used, args, code, said):
    """A traceback, or an answer to another question."""
    done = used(*args.split())
    assert done.code == code, done.err
    assert done.err.startswith("charrnn: error: ")
    assert said in done.err


def test_pictures_without_matplotlib(trained, tmp_path):
    """An import error, after an hour of training."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['matplotlib'] = None")
    env = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = run_charrnn(trained, "plot", "tale", "--output", "tale.png", env=env)
    assert done.code == 6
    assert "matplotlib>=" in done.err
    assert "ends in .svg" in done.err
    drawn = run_charrnn(trained, "plot", "tale", "--output", str(tmp_path / "tale.svg"), env=env)
    assert drawn.code == 0, drawn.err


def test_texts_of_one_name_are_never_ranked_together(home, charrnn):
    """Bits on two files input.txt, or on two splits, in one table as if of one part."""
    for folder, letters in (("easy", "ab"), ("hard", "abcdefgh")):
        (home / folder).mkdir()
        (home / folder / "input.txt").write_text(letters * 500, "utf-8")
    for run, text, *more in (
        ("one", "easy"), ("two", "easy", "--tokenizer", "byte"), ("three", "hard"),
        ("four", "easy", "--split", "80/10/10"),
    ):  # fmt: skip
        assert charrnn("train", f"{text}/input.txt", "--run", run, *more, *FEW).code == 0
    heads = re.findall(r"part of (input.*?) \(stream\)", charrnn("compare").out)
    assert len({*heads}) == 3
    assert {head.partition(", ")[2] for head in heads} == {"90/5/5", "80/10/10"}
    together = charrnn("compare", "one", "two").out
    assert "on the test part of input (stream)" in together
