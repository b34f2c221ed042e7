"""compare, plot and inspect, by the real command."""

import json
import os
import shlex
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from charrnn.cells import CELLS
from tests.conftest import SMALL, lines, tale

FEW = ("--steps", "6", "--layers", "1", *SMALL[2:])


def test_cells_are_trained_alike_and_compared(home, charrnn):
    """A cell that cannot be trained, sampled or resumed; a table whose best is not on top."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    done = charrnn("compare", "--cells", "all", "tale.txt", "--parameters", "6000", "--json", *FEW)
    assert done.code == 0, done.err
    rows = lines(done.out)
    assert {row["cell"] for row in rows} == set(CELLS)
    bits = [row["bits_per_character"] for row in rows]
    assert bits == sorted(bits)
    for row in rows:
        assert row["parameters"] == pytest.approx(6000, rel=0.05)
        assert row["steps"] == 6
    name = rows[0]["run"]
    assert charrnn("sample", name, "--length", "20").code == 0
    assert charrnn("train", "--resume", "--run", name, "--steps", "9", "--quiet").code == 0
    again = charrnn("compare", "--part", "valid")
    assert again.code == 0, again.err
    assert all(row["run"] in again.out for row in rows)


def test_others_are_as_large_as_the_first(home, charrnn):
    """A GRU that is compared with an LSTM of four gates at the same width."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    done = charrnn("compare", "--cells", "lstm,gru", "tale.txt", "--json", *FEW)
    assert done.code == 0, done.err
    first, second = (row["parameters"] for row in lines(done.out))
    assert first == pytest.approx(second, rel=0.05)
    table = charrnn("compare", "tale-gru", "tale-lstm", "--plot", "both.svg")
    assert table.code == 0, table.err
    for word in ("tale-gru", "tale-lstm", "chars/s", "bits"):
        assert word in table.out
    assert (home / "both.svg").read_bytes().startswith(b"<?xml")
    short = charrnn("compare", "--cells", "lstm", "tale.txt", "--split", "100/0/0", "--steps", "1")
    assert short.code == 3
    assert "Prepared" in short.err or "Found" in short.err
    assert "step" not in short.err
    drawn = charrnn("plot")
    assert "tale-gru" in drawn.out
    assert charrnn("plot", "tale-gru", "--out", "one.png").code == 0
    assert (home / "one.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("compare", "--cells", "lstn", "tale.txt"), 2),
        (("compare", "--cells", "lstm"), 2),
        (("compare", "--cells", "lstm", "tale.txt", "--cell", "gru"), 2),
        (("compare", "--cells", "lstm", "tale.txt", "--parameters", "9", "--width", "9"), 2),
        (("compare", "tale", "--time", "5s"), 2),
        (("compare", "nothing"), 4),
        (("plot", "tale", "--out", "tale.txt"), 2),
        (("plot", "nothing"), 4),
        (("inspect", "nothing"), 4),
        (("inspect", "--unit", "1.c1"), 2),
        (("inspect", "--text", "tale.txt", "--unit", "9.c1"), 2),
        (("inspect", "--text", "tale.txt", "--gate", "1.forgot"), 2),
        (("inspect", "--text", "tale.txt", "--unit", "1.1", "--gate", "1.forget"), 2),
        (("inspect", "--text", "nowhere.txt"), 3),
        (("inspect", "--cell", "relu"), 2),
        (("inspect", "--gradients", "--gain", "2"), 2),
        (("inspect", "--gradients", "--cell", "relu"), 2),
        (("inspect", "--gradients", "--cell", "mingru", "--gain", "2", "--text", "tale.txt"), 2),
        (("inspect", "--gradients", "--text", "-"), 3),
        (("inspect", "--gradients", "--width", "9"), 2),
        (("inspect", "--gradients", "--unit", "1.1", "--text", "tale.txt"), 2),
        (("inspect", "--text", "tale.txt", "--html", "x.html", "--json"), 2),
        (("plot", "tale.txt"), 4),
    ],
)
def test_what_cannot_be_is_said(used, args, code):
    """A traceback, or an answer to another question."""
    done = used(*args)
    assert done.code == code, done.err
    assert done.err.startswith("charrnn: error: ")
    assert len(done.err.splitlines()) >= 2


def test_inspect_says_what_a_run_is(used):
    """A setting, a size or a score that is left out."""
    done = used("inspect", "tale")
    assert done.code == 0, done.err
    for word in ("lstm 2x32", "parameters", "150 steps", "lanes 8", "128x16", "bits"):
        assert word in done.out
    about = json.loads(used("inspect", "--json").out)
    assert about["model"]["width"] == 32
    assert about["weights"]["layers.0.weight_ih"] == [128, 16]
    assert about["training"]
    assert about["validation"]


def test_a_text_is_shown_with_what_the_network_makes_of_it(used, trained):
    """A character that is lost or doubled; a figure that is another token's."""
    text = (trained / "tale.txt").read_text("utf-8")[:700]
    plain = used("inspect", "--text", "-", stdin=text)
    assert plain.code == 0, plain.err
    assert text.splitlines()[2] in plain.out
    assert "1.forget" in plain.out
    told = lines(used("inspect", "--text", "-", "--unit", "1.c3", "--json", stdin=text).out)
    assert "".join(seen["text"] for seen in told[:-1]) == text
    assert all(seen["bits"] >= 0 and "unit 1.c3" in seen for seen in told[:-1])
    summary = told[-1]
    assert summary["tokens"] == len(text)
    assert {gate["name"] for gate in summary["gates"]} >= {"1.input", "2.output"}
    assert all(-1 <= unit["correlation"] <= 1 for unit in summary["units"])


class Page(HTMLParser):
    """Where the scripts of a page are, and what it asks the network for."""

    def __init__(self):
        super().__init__()
        self.scripts, self.asked, self.inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        self.scripts += [""] * self.inside
        self.asked += [v for k, v in attrs if k in ("src", "href") and v != "#"]

    def handle_endtag(self, tag):  # noqa: ARG002  (the parser's interface)
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data


def test_the_page_is_whole_and_needs_nothing_else(home, charrnn):
    """A text that ends the script it is in; a style sheet from somewhere else."""
    text = tale(3000) + "</script><b>&amp;\n"
    (home / "tale.txt").write_text(text, "utf-8")
    assert charrnn("train", "tale.txt", "--quiet", "--steps", "5", *SMALL).code == 0
    done = charrnn("inspect", "--text", "tale.txt", "--html", "tale.html", "--gate", "1.forget")
    assert done.code == 0, done.err
    page = Page()
    page.feed((home / "tale.html").read_text("utf-8"))
    assert page.asked == []
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert "".join(data["pieces"]) == text
    titles = [view["title"] for view in data["views"]]
    assert titles[:2] == ["surprise, in bits", "gate 1.forget"]
    for view in data["views"]:
        assert len(view["shades"]) == len(view["values"]) == len(text)
        assert all(-100 <= shade <= 100 for shade in view["shades"])
    assert max(data["views"][0]["values"]) > 1


def test_gradients_of_a_run_and_of_none(used):
    """A curve that begins somewhere else; an untrained network that is the run."""
    run = used("inspect", "--gradients")
    assert run.code == 0, run.err
    assert "k=100" in run.out
    layers = lines(used("inspect", "--gradients", "--json").out)
    assert [layer["layer"] for layer in layers] == [1, 2]
    for layer in layers:
        assert layer["norms"][0] == pytest.approx(1)
        assert len(layer["norms"]) == 201
        assert len(layer["singular"]) == 4
    args = ("inspect", "--gradients", "--cell", "relu", "--text", "tale.txt", "--json")
    args += ("--width", "64")
    (dies,) = lines(used(*args, "--gain", "1").out)
    (grows,) = lines(used(*args, "--gain", "4").out)
    assert dies["decades_per_step"] < -0.05
    assert grows["decades_per_step"] > 0.05


def test_pictures_without_matplotlib(used, monkeypatch, tmp_path):
    """An import error, after an hour of training."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['matplotlib'] = None")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    done = used("plot", "tale", "--out", "tale.png")
    assert done.code == 6
    assert "[plot]" in done.err


@pytest.mark.parametrize("command", ["inspect --text tale.txt", "compare", "plot"])
def test_a_reader_that_has_seen_enough_is_no_error(trained, command):
    """Rich, which ends the program with 1 when nobody reads its tables."""
    shell = f"{shlex.quote(sys.executable)} -m charrnn {command} | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], cwd=trained,
                          capture_output=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_tables_fit_a_terminal_of_80_columns(used):
    """Figures that are cut off in the middle, and in every pipe."""
    rows = used("compare", columns="80").out.splitlines()
    assert rows[1].split() == ["run", "network", "parameters", "steps", "time", "chars/s", "bits"]
    assert max(map(len, rows)) <= 80
    assert "…" not in "".join(rows)
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    assert "k=200" in used("inspect", "--gradients", columns="80", env=ascii_only).out
