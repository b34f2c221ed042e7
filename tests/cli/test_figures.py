"""One model, one set of figures: what every command says of it."""

import json

import pytest

from tests.conftest import Charrnn, call_charrnn, lines, tale

TINY = ("--hidden-size", "8", "--layers", "1", "--batch-size", "4", "--seq-length", "8")
NAMED = ("part", "protocol", "step", "bits_per_character", "bits_per_byte")


def figures(charrnn: Charrnn, run: str) -> list[dict[str, object]]:
    """What the commands that measure, or remember, say of a run's validation part as JSON."""
    commands = [
        ("runs",), ("inspect", run), ("eval", run, "--part", "valid"),
        ("compare", run, "--part", "valid"),
    ]  # fmt: skip
    printed = [lines(charrnn(*command, "--json").out) for command in commands]
    (found,) = ([r for r in printed[0] if r["run"] == run],)
    return [{name: record[name] for name in NAMED} for record, *_ in [found, *printed[1:]]]


def test_every_command_says_the_same_of_a_run(home, charrnn):
    """4.761 at the end of training, 4.760 in `eval`, and nobody knows of which part or step.

    The validation part is longer than what is validated during the training.
    """
    (home / "a.txt").write_text(tale(40_000), "utf-8")
    args = ("train", "a.txt", "--steps", "3", "--split", "50/50/0", *TINY)
    *_, ended = lines(charrnn(*args, "--json").out)
    assert (ended["event"], ended["steps"], ended["protocol"]) == ("finished", 3, "stream")
    expected = {name: ended[name] for name in NAMED}
    assert figures(charrnn, "a") == [expected] * 4
    (exported,) = lines(charrnn("export", "a", "--html", "--dtype", "fp32", "--json").out)
    assert exported["part"] == "valid"
    assert exported["exact_bits_per_character"] == expected["bits_per_character"]

    shown = f"{expected['bits_per_character']:.3f}"
    place = "bits per character on valid (stream)"
    for command in (("runs",), ("inspect", "a"), ("eval", "a", "--part", "valid")):
        assert f"{shown} {place}" in charrnn(*command).out
    compared = charrnn("compare", "a", "--part", "valid").out.splitlines()
    assert compared[0] == "Bits per character on the valid part of a (stream)"
    assert shown in compared[2]
    page = (home / "a.html").read_text("utf-8")
    assert f"{shown} {place}, step {ended['step']}" in page


def test_a_figure_of_a_part_of_the_validation_says_so(home, charrnn):
    """The loss of some tokens, in bf16, under the name of that of all of them."""
    (home / "a.txt").write_text(tale(600_000), "utf-8")
    args = ("train", "a.txt", "--steps", "1", "--split", "50/50/0", "--precision", "fp32", *TINY)
    done = charrnn(*args)
    assert done.code == 0, done.err
    place = "valid (stream, 16,384 of 300,000 tokens)"
    assert f"on {place}, best at step 1 of 1; guessing" in done.err
    assert place in charrnn("runs").out
    assert f"on {place}, best at" in charrnn("inspect").out


def test_a_run_that_got_no_better_than_its_base_has_the_figures_of_step_0(copied_run, charrnn):
    """The last validation under the name of the best one."""
    home = copied_run.parent.parent
    tuned = call_charrnn(
        home, "train", "tale", "--from", "tale", "--run", "tuned", "--steps", "2",
        "--learning-rate", "1", "--optimizer", "sgd", "--grad-clip", "1000",
    )  # fmt: skip
    assert tuned.code == 0, tuned.err
    assert "best at step 0 of 2" in tuned.err
    assert {figure["step"] for figure in figures(charrnn, "tuned")} == {0}
    assert len({json.dumps(figure) for figure in figures(charrnn, "tuned")}) == 1


def test_scores_are_remembered_as_long_as_nothing_changed(copied_run, charrnn, monkeypatch):
    """Minutes for figures that have been printed before; figures of a model that is no more."""
    home = copied_run.parent.parent
    first, again = (lines(charrnn("compare", "--json").out) for _ in range(2))
    assert first == again
    with monkeypatch.context() as patch:
        patch.setattr("charrnn.evaluation.scoring.evaluate", None)
        assert lines(charrnn("compare", "--json").out) == first
        assert charrnn("eval", "--json").code == 0
    assert charrnn("train", "--resume", "--steps", "200", "--quiet").code == 0
    (trained_on,) = lines(charrnn("compare", "--json").out)
    assert trained_on["bits_per_character"] != first[0]["bits_per_character"]
    (home / "corpora" / ".scores.json").write_text('{"a": [1, {}')
    assert lines(charrnn("compare", "--json").out) == [trained_on]


@pytest.mark.parametrize("named", [(), ("tale", "broken", "nowhere")])
def test_a_damaged_run_is_named_and_the_others_are_compared(copied_run, charrnn, named):
    """One bad file, and nothing of a hundred runs is shown."""
    broken = copied_run.parent / "broken"
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"broken")
    done = charrnn("compare", *named, "--json")
    assert [row["run"] for row in lines(done.out)] == ["tale"]
    assert "broken is left out: " in done.err
    assert done.code == (4 if named else 0)
    assert ("not compared: broken, nowhere" in done.err) == bool(named)
