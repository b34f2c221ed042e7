"""charrnn sample, by the real command."""

import json
import subprocess
import sys

import pytest

from tests.conftest import SMALL, lines, tale


def test_a_text_is_written_and_the_same_seed_writes_it_again(used):
    """A text of another length, or another one each time."""
    args = ("--length", "200", "--temp", "0.5", "--seed", "1")
    written = used("sample", *args)
    assert written.code == 0
    assert len(written.out) == 200
    assert set(written.out) <= set(tale(20_000))
    assert used("sample", "tale", "-n", "200", "-t", "0.5", "-s", "1") == written
    assert used("sample", "-n", "200", "--temperature", "0.5", "-s", "1") == written
    (first, *_) = lines(used("sample", *args, "--count", "40", "--json").out)
    assert first["text"] == written.out


def test_prompts_and_stops(used):
    """A prompt that is not read from stdin, a stop that is written, a seed that is not."""
    prompted = used("sample", "--prompt", "-", "--length", "5", stdin="the old")
    assert prompted.out.startswith("the old")
    assert len(prompted.out) == 12
    assert used("sample", "--prime", "The", "-n", "3", "-s", "1").out.startswith("The")
    stopped = used("sample", "--stop", "\n", "--prompt", "The", "--seed", "3")
    assert "\n" not in stopped.out
    assert used("sample", "--length", "0").out == ""


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_many_texts_at_once(used, backend):
    """Texts that run into one another, or all are the same."""
    many = ("--backend", backend, "--seed", "1")
    plain = used("sample", "--count", "5", "--stop", "\n", "--prompt", "The", *many).out
    assert plain.count("\n\n") == 5
    assert all(line.startswith("The") for line in plain.splitlines() if line)
    found = lines(used("sample", "--count", "3", "--length", "40", "--json", *many).out)
    assert [text["number"] for text in found] == [1, 2, 3]
    assert {len(text["text"]) for text in found} == {40}
    assert len({text["text"] for text in found}) == 3
    (alone,) = lines(used("sample", "--length", "7", "--json", *many).out)
    assert alone.keys() == {"number", "prompt", "text", "tokens", "bits", "ended"}


def test_unknown_runs_and_characters_are_named(used):
    """A prompt that crashes, a run whose name is forgotten."""
    result = used("sample", "nope")
    assert result.code == 4
    assert "Runs here: tale." in result.err
    result = used("sample", "--prompt", "the Ω")
    assert result.code == 3
    assert "'Ω' (U+03A9, character 5)" in result.err


def test_bytes_that_are_not_text_are_written_as_they_are(home, charrnn):
    """U+FFFD, three bytes of it, for each byte of a model that learned no UTF-8."""
    (home / "odd").write_bytes(b"\xff\xfe" * 3000)
    assert charrnn("train", "odd", "--tokenizer", "byte", "--steps", "60", *SMALL).code == 0
    command = [sys.executable, "-m", "charrnn", "sample", "--length", "40", "--temp", "0"]
    written = subprocess.run(command, cwd=home, capture_output=True, check=True).stdout
    assert len(written) == 40
    assert written in b"\xff\xfe" * 21
    (told,) = lines(charrnn("sample", "--length", "40", "--temp", "0", "--json").out)
    assert told["text"] == "\N{REPLACEMENT CHARACTER}" * 40
    score = json.loads(charrnn("eval", "odd", "odd", "--json").out)
    assert score["bytes"] == 6000 - 1
