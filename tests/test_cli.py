"""The whole path, through the real command."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest

from charrnn.options import described, flag
from tests.conftest import SMALL, lines, tale


def test_train_then_sample_then_eval(trained, used):
    """The main job."""
    run = trained / "checkpoints" / "tale"
    assert {p.name for p in run.iterdir()} == {
        "model.safetensors", "model.1.safetensors", "training.safetensors",
        "training.1.safetensors", "metrics.jsonl", ".lock",
    }  # fmt: skip
    kinds = [line["event"] for line in lines((run / "metrics.jsonl").read_text("utf-8"))]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert {"planned", "stepped", "evaluated", "sampled", "saved"} <= set(kinds)
    written = used("sample", "--length", "200", "--temp", "0.5", "--seed", "1")
    assert written.code == 0
    assert len(written.out) == 200
    assert set(written.out) <= set(tale(20_000))
    assert used("sample", "tale", "--length", "200", "--temp", "0.5", "--seed", "1") == written
    score = json.loads(used("eval", "--json").out)
    assert list(score) == [
        "part", "protocol", "tokens", "characters", "bytes", "loss", "bits_per_character",
        "bits_per_byte", "perplexity", "run", "step",
    ]  # fmt: skip
    assert (score["part"], score["protocol"], score["run"]) == ("test", "stream", "tale")
    assert score["tokens"] == 999
    assert 0.2 < score["bits_per_character"] < 3
    assert score["bits_per_byte"] < score["bits_per_character"]


def test_eval_of_parts_texts_and_windows(trained, used):
    """A text scored as something else than what it is."""
    text = (trained / "tale.txt").read_text("utf-8")
    valid = text[18_000:19_000]
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
    cold = json.loads(used("eval", "--part", "valid", "--windows", "16", "--json").out)
    assert cold["protocol"] == "windows 16"
    assert cold["loss"] > scores[0]["loss"]
    shown = used("eval", "--part", "valid").out
    assert f"bits per character  {scores[0]['bits_per_character']:.4f}" in shown


def test_pipes(used):
    """A prime that is not read from stdin, a stop that is written, a seed that is not."""
    primed = used("sample", "--prime", "-", "--length", "5", stdin="the old")
    assert primed.out.startswith("the old")
    assert len(primed.out) == 12
    stopped = used("sample", "--stop", "\n", "--prime", "The", "--seed", "3")
    assert "\n" not in stopped.out
    assert used("sample", "--length", "0").out == ""


def test_many_texts_at_once(used):
    """Texts that run into one another, or all are the same."""
    plain = used("sample", "--count", "5", "--stop", "\n", "--prime", "The", "--seed", "1").out
    assert plain.count("\n\n") == 5
    assert all(line.startswith("The") for line in plain.splitlines() if line)
    listed = used("sample", "--count", "3", "--length", "40", "--seed", "1", "--json").out
    found = [json.loads(line) for line in listed.splitlines()]
    assert [text["number"] for text in found] == [1, 2, 3]
    assert {len(text["text"]) for text in found} == {40}
    assert len({text["text"] for text in found}) == 3
    (alone,) = used("sample", "--length", "7", "--json").out.splitlines()
    assert json.loads(alone).keys() == {"number", "prime", "text", "stopped"}


def test_dynamic_evaluation_stands_apart(trained, used):
    """A moving model's score that is shown as the static one."""
    static = json.loads(used("eval", "--part", "valid", "--json").out)
    found = json.loads(used("eval", "--part", "valid", "--dynamic", "--json").out)
    assert found["protocol"] == "dynamic"
    assert found["tokens"] == static["tokens"]
    assert found["loss"] != static["loss"]
    assert used("eval", "--dynamic", "--windows", "9").code == 2


def test_what_is_left_open_is_chosen_and_said(home, charrnn):
    """A small text that trains a large network for five minutes."""
    (home / "small.txt").write_text(tale(600), "utf-8")
    result = charrnn("train", "small.txt")
    assert result.code == 0
    assert (
        "Chose lstm 2x32, dropout 0.39, 5 lanes x 24, AdamW's rate 0.015: 540 tokens" in result.err
    )
    settings = charrnn("train", "--resume", "--width", "32")
    assert settings.code == 0
    assert "has finished" in settings.err


def test_known_runs_are_listed_and_unknown_characters_named(used):
    """A prompt that crashes, a run whose name is forgotten."""
    result = used("sample", "nope")
    assert result.code == 4
    assert "Runs here: tale." in result.err
    result = used("sample", "--prime", "the Ω")
    assert result.code == 3
    assert "'Ω' (U+03A9, character 5)" in result.err
    result = used("eval", "-", stdin="the Ω")
    assert result.code == 3
    assert "U+03A9" in result.err
    result = used("train", "tale.txt", "--run", "tale")
    assert result.code == 2
    assert "--resume --run tale" in result.err


def test_a_short_text_is_trained_on_fewer_lanes_and_that_is_said(home, charrnn):
    """The cryptic crash of the peers on a small file."""
    (home / "hello.txt").write_text("hello hello")
    result = charrnn("train", "hello.txt", "--steps", "3", "--width", "8", "--split", "100/0/0")
    assert result.code == 0, result.err
    assert (
        "dropout 0, 1 lanes x 10, AdamW's rate 0.015: 11 tokens are read 2.7 times." in result.err
    )
    given = charrnn("train", "hello.txt", "--steps", "3", "--lanes", "9", "--split", "100/0/0")
    assert "read with --lanes 1 --window 10." in given.err
    assert "no validation part" in result.err
    assert charrnn("sample", "--length", "3").code == 0
    result = charrnn("eval")
    assert result.code == 3
    assert "--part" in result.err


@pytest.mark.parametrize("args", ["sample --length 5", "eval --json", "--version"])
def test_what_cannot_be_written_is_a_failure(trained, args):
    """Data that is lost without a word; 120, Python's own exit code for that."""
    command = f"'{sys.executable}' -m charrnn {args} >/dev/full"
    done = subprocess.run(["bash", "-c", command], cwd=trained, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("charrnn: error: No space left on device")
    assert "Exception" not in done.stderr


def test_bytes_and_encodings(home, charrnn):
    """A text in another encoding that is read as something else."""
    text = tale(3000)
    (home / "utf8.txt").write_text(text, "utf-8")
    (home / "latin.txt").write_text(text, "latin-1")
    charrnn("prepare", "utf8.txt")
    charrnn("prepare", "latin.txt", "--encoding", "latin-1")
    tokens = [p.read_bytes() for p in sorted((home / "corpora").glob("*/tokens.bin"))]
    assert len(tokens) == 2
    assert tokens[0] == tokens[1]
    (home / "any").write_bytes(bytes(range(256)) * 20)
    assert charrnn("train", "any", "--tokens", "byte", "--steps", "3", *SMALL).code == 0
    score = json.loads(charrnn("eval", "any", "any", "--json").out)
    assert score["bytes"] == 256 * 20 - 1


def test_bytes_that_are_no_text_are_written_as_they_are(home, charrnn):
    """U+FFFD, three bytes of it, for each byte of a model that learned no UTF-8."""
    (home / "odd").write_bytes(b"\xff\xfe" * 3000)
    assert charrnn("train", "odd", "--tokens", "byte", "--steps", "60", *SMALL).code == 0
    command = [sys.executable, "-m", "charrnn", "sample", "--length", "40", "--temp", "0"]
    written = subprocess.run(command, cwd=home, capture_output=True, check=True).stdout
    assert len(written) == 40
    assert written in b"\xff\xfe" * 21
    (told,) = lines(charrnn("sample", "--length", "40", "--temp", "0", "--json").out)
    assert told["text"] == "\N{REPLACEMENT CHARACTER}" * 40


def test_prepared_corpora_and_json_and_quiet(home, charrnn):
    """Progress on stdout; a corpus that cannot be named."""
    (home / "a.txt").write_text(tale(2000), "utf-8")
    result = charrnn("prepare", "a.txt", "-", "--name", "both", "--json", stdin=tale(500, seed=1))
    (event,) = lines(result.out)
    assert (event["corpus"], event["tokens"], event["reused"]) == ("both", 2500, False)
    assert result.err == ""
    result = charrnn("train", "both", "--steps", "4", "--json", *SMALL)
    assert result.err == ""
    events = lines(result.out)
    assert events[-1]["event"] == "finished"
    assert events[-1]["step"] == 4
    result = charrnn("train", event["path"], "--steps", "2", "--quiet", *SMALL)
    assert (result.code, result.out, result.err) == (0, "", "")
    assert charrnn("train", "both", "--tokens", "byte").code == 2


def test_home_moves_everything(home, charrnn, monkeypatch):
    """CHARRNN_HOME that moves one folder and not the other."""
    (home / "a.txt").write_text(tale(1000), "utf-8")
    monkeypatch.setenv("CHARRNN_HOME", str(home / "else where"))
    assert charrnn("train", "a.txt", "--steps", "2", *SMALL).code == 0
    assert {p.name for p in home.iterdir()} == {"a.txt", "else where"}
    assert charrnn("sample", "--length", "5").code == 0


def test_every_command_has_help_with_every_default(charrnn):
    """A flag that nobody can find out about."""
    from charrnn.settings import ModelSettings, SampleSettings, TextSettings, TrainSettings

    shown = {name: charrnn(name, "--help").out for name in ("prepare", "train", "sample", "eval")}
    kinds = {"train": [ModelSettings, TrainSettings, TextSettings], "sample": [SampleSettings],
             "prepare": [TextSettings]}  # fmt: skip
    for command, settings in kinds.items():
        for kind in settings:
            assert f"─ {kind.__doc__.split(':')[0]} ─" in shown[command]
            for field in fields(kind):
                assert flag(field.name) in shown[command]
                _, default = described(field, field.type)
                assert not default or f"[default: {default}]" in shown[command]
    assert charrnn("--version").out == "charrnn 0.1.0\n"
