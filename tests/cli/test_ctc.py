"""CTC and a language model in the beam, from the command line."""

import re

import pytest

from tests.conftest import call_charrnn, lines
from tests.tasks.examples import labelled_sound, rewritten

SMALL = ["--hidden-size", "16", "--batch-size", "16", "--device", "cpu", "--split", "90/10/0"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a run that aligns, and a language model of its targets."""
    folder = tmp_path_factory.mktemp("ctc")
    examples = rewritten(300) + "a\tAAAAAAAAAAAAAAAA\n"
    (folder / "pairs.tsv").write_text(examples, "utf-8")
    targets = [line.split("\t")[1] for line in examples.splitlines()]
    (folder / "lines.txt").write_text("\n".join(targets), "utf-8")
    task = ["--task", "rewrite", "--decoder", "ctc", "--bidirectional", "--run", "aligned"]
    done = call_charrnn(folder, "train", "pairs.tsv", *SMALL, *task, "--steps", "250")
    assert done.code == 0, done.err
    (folder / "said.txt").write_text(done.err + done.out, "utf-8")
    done = call_charrnn(folder, "train", "lines.txt", *SMALL, "--steps", "60", "--run", "english")
    assert done.code == 0, done.err
    return folder


def test_symbols_have_positions_and_a_language_model_its_say(home):
    """A position of another symbol; a language model that is loaded and not asked."""
    given = "bacd\nabba\n"
    records = list(lines(call_charrnn(home, "predict", "aligned", "--json", stdin=given).out))
    assert [record["prediction"] for record in records] == ["BAACD", "AABBAA"]
    found = [(one["symbol"], one["position"]) for one in records[0]["symbols"]]
    assert found == [("B", 0), ("A", 1), ("A", 1), ("C", 2), ("D", 3)]
    beam = ["--beam", "4", "--language-model", "english"]
    for weight in ("0.3", "50"):
        done = call_charrnn(
            home, "predict", "aligned", "--json", *beam, "--weight", weight, stdin=given
        )
        assert done.code == 0, done.err
        texts = [record["prediction"] for record in lines(done.out)]
        assert (texts == ["BAACD", "AABBAA"]) is (weight == "0.3")
    assert call_charrnn(home, "eval", "aligned", *beam).code == 0


def test_what_ctc_cannot_do_is_said(home):
    """An example that is dropped in silence; a flag that is ignored."""
    said = (home / "said.txt").read_text("utf-8")
    assert "1 training example of" in said
    assert "AAAAAAAAAAAAAAAA" in said
    for flags, message in {
        ("--max-length", "3"): "--max-length has no effect with --decoder ctc",
        ("--weight", "1"): "--weight has no effect with no language model",
        ("--language-model", "aligned"): "aligned",
    }.items():
        done = call_charrnn(home, "predict", "aligned", *flags, stdin="ab\n")
        assert done.code != 0
        assert message in done.err
    flags = ["--decoder", "ctc", "--attention", "none", "--task", "rewrite"]
    done = call_charrnn(home, "train", "pairs.tsv", *flags)
    assert (done.code, "--attention has no effect with --decoder ctc" in done.err) == (2, True)


def test_a_run_of_sound_counts_frames_and_seconds(tmp_path):
    """Characters of sound; a vocabulary of its bytes; an array that is read as a list of names."""
    examples = [line.split("\t") for line in labelled_sound(tmp_path / "clips", 24).splitlines()]
    (tmp_path / "said.tsv").write_text("".join(f"{name}\t{text}\n" for text, name in examples))
    task = ["--task", "caption", "--input", "sound", "--decoder", "ctc", "--bidirectional"]
    sizes = ["--hidden-size", "16", "--split", "100/0/0", "--device", "cpu", "--steps", "4"]
    done = call_charrnn(tmp_path, "train", "said.tsv", *task, *sizes, "--run", "says")
    assert done.code == 0, done.err
    assert re.search(r"Training says on said: \d+ frames, batch", done.err)
    assert re.search(r"of \d+ frames\.", done.err)
    assert "characters" not in done.err
    listed = call_charrnn(tmp_path, "corpora").out
    assert re.search(r"said +\d+ +sound", listed)
    (record,) = lines(call_charrnn(tmp_path, "predict", "says", "clips/0.wav", "--json").out)
    assert record["symbols"]
    for one in record["symbols"]:
        assert one["seconds"] == pytest.approx(0.03 * one["position"])
    done = call_charrnn(tmp_path, "predict", "says", "x.npy")
    assert (done.code, "run says reads sound, not x.npy" in done.err) == (3, True)


def test_targets_that_fit_nowhere_are_an_error_before_a_run_is_made(home):
    """A loss of 0, the best there is, of a network that cannot learn anything."""
    (home / "long.tsv").write_text("a\tlong target\n" * 12, "utf-8")
    done = call_charrnn(home, "train", "long.tsv", "--task", "rewrite", "--decoder", "ctc",
                        "--ctc-frames", "1", "--steps", "2", "--run", "long")  # fmt: skip
    assert done.code == 3
    assert "no example can be learned with --ctc-frames 1" in done.err
    assert not (home / "checkpoints" / "long").exists()
