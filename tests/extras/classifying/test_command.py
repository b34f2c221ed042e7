"""charrnn classify, from files and lines to verdicts."""

import shutil

import numpy as np
import pytest

from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from tests.conftest import call_charrnn, lines, tale


@pytest.fixture(scope="module")
def runs(trained, tmp_path_factory):
    """A folder with `tale`, and `noise`, of which all that it has learned was shuffled."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(trained / "checkpoints", folder / "checkpoints")
    run = load_checkpoint(folder / "checkpoints" / "tale" / "model.safetensors")
    rng = np.random.default_rng(1)
    run.weights.update({name: rng.permuted(weight) for name, weight in run.weights.items()})
    (folder / "checkpoints" / "noise").mkdir()
    save_checkpoint(folder / "checkpoints" / "noise" / "model.safetensors", run)
    for number in 1, 2:
        (folder / f"{number}.txt").write_text(tale(100, seed=number), "utf-8")
    return folder


def classify(folder, *args, stdin=""):
    return call_charrnn(folder, "classify", *args, stdin=stdin)


def test_files_and_lines(runs):
    """Files that are joined; lines that are counted from elsewhere; a table that is JSON."""
    choice = "--runs", "tale,noise", "--json"
    files = lines(classify(runs, "1.txt", "2.txt", *choice).out)
    assert [(f["number"], f["source"], f["run"]) for f in files] == [
        (1, "1.txt", "tale"), (2, "2.txt", "tale"),
    ]  # fmt: skip
    assert list(files[0]) == [
        "kind", "number", "source", "run", "log_odds", "probabilities", "bits",
    ]  # fmt: skip
    assert files[0]["log_odds"] == files[0]["bits"]["noise"] - files[0]["bits"]["tale"] > 10
    by_line = lines(classify(runs, "--per", "line", *choice, stdin="the sea\r\n\nhis dog").out)
    assert [(f["number"], f["source"]) for f in by_line] == [(1, "stdin"), (3, "stdin")]
    table = classify(runs, "1.txt", "--runs", "tale,noise").out.splitlines()
    assert table[0].split() == ["number", "run", "odds,", "bits", "probability", "from", "text"]
    assert table[1].split()[:2] == ["1", "tale"]
    assert tale(100, seed=1)[:20] in table[1]


def test_labels_give_the_accuracy(runs):
    """An accuracy of nothing; a label that is part of the text."""
    given = "tale\tthe old king\nnoise\tthe old king\ntale\tnothing of his dog\n"
    labeled = "-", "--labeled", "--runs", "tale,noise"
    found = lines(classify(runs, *labeled, "--json", stdin=given).out)
    assert [f["label"] for f in found[:3]] == ["tale", "noise", "tale"]
    assert found[0]["bits"] == found[1]["bits"]
    assert found[3] == {
        "kind": "accuracy", "texts": 3, "accuracy": pytest.approx(2 / 3),
        "confusion": {"tale": {"tale": 2, "noise": 0}, "noise": {"tale": 1, "noise": 0}},
    }  # fmt: skip
    assert "accuracy 66.7% of 3 texts" in classify(runs, *labeled, stdin=given).out


def test_unknown_characters_have_a_price(runs):
    """A text in another alphabet, and a crash."""
    choice = "--runs", "tale,noise", "--json"
    (found,) = lines(classify(runs, *choice, stdin="ΩΩ").out)
    assert found["bits"]["tale"] == found["bits"]["noise"] == pytest.approx(34.4, abs=0.1)
    result = classify(runs, *choice, "--unknown", "error", stdin="ΩΩ")
    assert (result.code, "U+03A9" in result.err) == (3, True)


@pytest.mark.parametrize(("args", "code", "words"), [
    ([], 2, "needs --runs NAMES: the runs to choose from, with commas: A,B"),
    (["--runs", "tale"], 2, "two runs"),
    (["--runs", "tale,tale"], 2, "named twice"),
    (["--runs", "tale,checkpoints/tale"], 2, "named twice"),
    (["--runs", "tale,nosie"], 4, "Did you mean noise?"),
    (["--runs", "tale,noise", "--labeled", "--per", "file"], 2, "--labeled"),
    (["--runs", "tale,noise", "--labeled"], 3, "line 1 of stdin"),
    (["--runs", "tale,noise"], 3, "there is nothing in stdin"),
])  # fmt: skip
def test_what_cannot_be_classified_is_explained(runs, args, code, words):
    """A choice of one; a run that is its own rival; a label of nobody."""
    result = classify(runs, "-", *args, stdin="nobody\tx" if "--labeled" in args else "")
    assert result.code == code
    assert words in result.err
