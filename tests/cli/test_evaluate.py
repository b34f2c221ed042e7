"""charrnn eval, by the real command."""

import json


def test_the_score_of_a_run(used):
    """A figure that is left out, or that is another part's."""
    score = json.loads(used("eval", "--json").out)
    assert list(score) == [
        "part", "protocol", "tokens", "characters", "bytes", "loss", "bits_per_character",
        "bits_per_byte", "perplexity", "run", "step",
    ]  # fmt: skip
    assert (score["part"], score["protocol"], score["run"]) == ("test", "stream", "tale")
    assert score["tokens"] == 999
    assert 0.2 < score["bits_per_character"] < 3
    assert score["bits_per_byte"] < score["bits_per_character"]


def test_parts_texts_and_contexts(trained, used):
    """A text scored as something else than what it is."""
    valid = (trained / "tale.txt").read_text("utf-8")[18_000:19_000]
    (trained / "valid.txt").write_text(valid, "utf-8")
    scores = [
        json.loads(result.out)
        for result in (
            used("eval", "--part", "valid", "--json"),
            used("eval", "valid.txt", "--json"),
            used("eval", "tale", "-", "--json", stdin=valid),
        )
    ]
    (trained / "valid.txt").unlink()
    named = [s.pop("part", None) or s.pop("text") for s in scores]
    assert named == ["valid", "valid.txt", "stdin"]
    assert scores[0] == scores[1] == scores[2]
    cold = json.loads(used("eval", "--part", "valid", "--context", "16", "--json").out)
    assert cold["protocol"] == "context 16"
    assert cold["loss"] > scores[0]["loss"]
    shown = used("eval", "--part", "valid", "--quiet")
    assert f"bits per character  {scores[0]['bits_per_character']:.4f}" in shown.out
    assert shown.err == ""


def test_dynamic_evaluation_stands_apart(used):
    """A moving model's score that is shown as the static one."""
    static = json.loads(used("eval", "--part", "valid", "--json").out)
    found = json.loads(used("eval", "--part", "valid", "--dynamic", "--json").out)
    assert found["protocol"] == "dynamic"
    assert found["tokens"] == static["tokens"]
    assert found["loss"] != static["loss"]
    assert used("eval", "--dynamic", "--context", "9").code == 2


def test_unknown_characters_are_named(used):
    """A text that the model cannot read, and a crash."""
    result = used("eval", "-", stdin="the Ω")
    assert result.code == 3
    assert "U+03A9" in result.err
