"""charrnn eval, from a run and a text to figures."""

import json
import math

import pytest
import torch  # noqa: F401  (loaded within call_charrnn it would register nothing at exit)

from tests.conftest import call_charrnn, lines


def test_the_score_of_a_run(used):
    """A figure that is left out, or that is another part's."""
    score = json.loads(used("eval", "--json").out)
    assert list(score) == [
        "part", "protocol", "tokens", "characters", "bytes", "loss", "bits_per_character",
        "bits_per_byte", "perplexity", "run", "step", "unit", "baselines",
    ]  # fmt: skip
    assert (score["part"], score["protocol"], score["run"]) == ("test", "stream", "tale")
    assert score["tokens"] == 999
    assert 0.2 < score["bits_per_character"] < 3
    assert score["bits_per_byte"] < score["bits_per_character"]


def test_parts_texts_and_contexts(trained):
    """A text scored as something else than what it is."""
    valid = (trained / "tale.txt").read_text("utf-8")[18_000:19_000]
    (trained / "valid.txt").write_text(valid, "utf-8")
    scores = [
        json.loads(result.out)
        for result in (
            call_charrnn(trained, "eval", "--part", "valid", "--json"),
            call_charrnn(trained, "eval", "valid.txt", "--json"),
            call_charrnn(trained, "eval", "tale", "-", "--json", stdin=valid),
        )
    ]
    (trained / "valid.txt").unlink()
    named = [s.pop("part", None) or s.pop("source") for s in scores]
    assert named == ["valid", "valid.txt", "stdin"]
    assert [s.pop("unknown", None) for s in scores] == [None, 0, 0]
    assert scores[0] == scores[1] == scores[2]
    cold = json.loads(
        call_charrnn(trained, "eval", "--part", "valid", "--context", "16", "--json").out
    )
    assert cold["protocol"] == "context 16"
    assert cold["loss"] > scores[0]["loss"]
    shown = call_charrnn(trained, "eval", "--part", "valid", "--quiet")
    assert f"bits per character  {scores[0]['bits_per_character']:.4f}" in shown.out
    assert shown.err == ""


def test_dynamic_evaluation_stands_apart(trained):
    """A moving model's score that is shown as the static one."""
    static = json.loads(call_charrnn(trained, "eval", "--part", "valid", "--json").out)
    found = json.loads(call_charrnn(trained, "eval", "--part", "valid", "--dynamic", "--json").out)
    assert found["protocol"] == "dynamic"
    assert found["tokens"] == static["tokens"]
    assert found["loss"] != static["loss"]
    assert call_charrnn(trained, "eval", "--dynamic", "--context", "9").code == 2


def test_unknown_characters_are_named(trained):
    """A text that the model cannot read, and a crash; a score that hides what was left out."""
    result = call_charrnn(trained, "eval", "-", stdin="the Ω")
    assert result.code == 3
    assert "U+03A9" in result.err
    (score,) = lines(call_charrnn(trained, "eval", "-", "--unknown", "skip", "--json",
                                  stdin="the Ω sea Ω.").out)  # fmt: skip
    assert (score["unknown"], score["tokens"]) == (2, 9)
    assert call_charrnn(trained, "eval", "--unknown", "skip").code == 2


def test_lines_add_up_to_the_score(trained):
    """A table that says something else than the figure above it; a table of another part."""
    (score,) = lines(call_charrnn(trained, "eval", "--part", "valid", "--json").out)
    by_line = lines(call_charrnn(trained, "eval", "--part", "valid", "--per", "line", "--json").out)
    bits = score["loss"] * score["tokens"] / math.log(2)
    assert sum(line["bits"] for line in by_line) == pytest.approx(bits, rel=1e-6)
    assert sum(line["tokens"] for line in by_line) == score["tokens"]
    valid = (trained / "tale.txt").read_text("utf-8")[18_000:19_000]
    assert [line["text"] for line in by_line] == valid.split("\n")
    shown = call_charrnn(trained, "eval", "--part", "valid", "--per", "line").out
    assert f"{by_line[1]['bits']:.1f}" in shown.splitlines()[2]
    table, _, spots = shown.partition("the most surprising tokens")
    assert len(table.splitlines()) == len(by_line) + 2
    assert len(spots.splitlines()) == 12


def test_characters_and_documents(trained):
    """A table without what it is a table of; documents of a corpus that has none."""
    cold = "eval", "-", "--per", "character", "--context", "2"
    out = call_charrnn(trained, *cold, stdin="the\nsea").out
    assert [line.split()[-1] for line in out.splitlines()[1:7]] == [
        "[h]", "[e]", "[\\n]", "[s]", "[e]", "[a]",
    ]  # fmt: skip
    found = lines(call_charrnn(trained, *cold, "--json", stdin="the\nsea").out)
    assert [(f["position"], f["text"]) for f in found] == list(enumerate("he\nsea", 2))
    for flags in ["document"], ["line", "--dynamic"], ["line", "--baselines"]:
        assert call_charrnn(trained, "eval", "--per", *flags).code == 2


def test_baselines_stand_beside_the_score(trained):
    """Compressors that are given another text, or that know nothing of the training part."""
    (score,) = lines(call_charrnn(trained, "eval", "--baselines", "--json").out)
    found = score["baselines"]
    assert {"zlib", "bz2", "xz"} <= set(found)
    ratio = score["bytes"] / score["characters"]
    per_token = score["tokens"] / score["characters"]
    about = json.loads(call_charrnn(trained, "inspect", "--json").out)
    guess = math.log2(about["vocabulary_size"]) * per_token
    assert found["guessing"]["bits_per_character"] == pytest.approx(guess)
    order = [found[name]["bits_per_byte"] for name in ("guessing", "letter_frequencies", "xz")]
    assert order == sorted(order, reverse=True)
    for bits in found.values():
        assert 0.5 < bits["bits_per_byte"] < 6
        assert bits["bits_per_character"] == pytest.approx(bits["bits_per_byte"] * ratio)
    shown = call_charrnn(trained, "eval", "--baselines").out
    assert f"{found['zlib']['bits_per_character']:.4f}" in shown
    assert "this model" in shown
