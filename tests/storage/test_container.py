"""Files of today's format, frozen: an older checkout wrote them, and this one must read them.

format3/checkpoints has a run of each task and tokenizer; expected.json, what was sampled, predicted
and scored with it. The killed runs died after 12 of 24 steps; finished/ is how they end.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from charrnn.storage.container import FORMAT, read_metadata
from tests.conftest import call_charrnn, lines, need_same_dropout

FROZEN = Path(__file__).parent / "format3"
CORPORA = Path(__file__).parent.parent / "text" / "format3"
EXPECTED = json.loads((FROZEN / "expected.json").read_text("utf-8"))
KILLED = [path.stem for path in (FROZEN / "finished").iterdir()]


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A home with all the runs and their corpora."""
    home = tmp_path_factory.mktemp("frozen")
    shutil.copytree(FROZEN / "checkpoints", home / "checkpoints")
    shutil.copytree(CORPORA, home / "corpora")
    for path in (FROZEN / "sources").iterdir():
        shutil.copy(path, home / path.name)
    return home


def close(found, expected):
    """Whether they are equal, but for the rounding of another processor and names added since."""
    if isinstance(expected, dict):
        return all(name in found and close(found[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    if isinstance(expected, float):
        return found == pytest.approx(expected, rel=1e-4, abs=1e-5)
    return found == expected


@pytest.mark.parametrize("name", EXPECTED)
def test_a_frozen_model_says_what_it_said(frozen, name):
    """A tensor under a new name, a gate in another place, a setting with another default."""
    expected = EXPECTED[name]
    if sources := expected.get("inputs"):
        stdin = "".join(f"{source}\n" for source in sources)
        predicted = call_charrnn(frozen, "predict", name, stdin=stdin)
        assert predicted.out.splitlines() == expected["lines"], predicted.err
        records = lines(call_charrnn(frozen, "predict", name, "--json", stdin=stdin).out)
        assert close(records, expected["records"])
    else:
        args = ("--length", "60", "--temp", "0"), ("--length", "60", "--seed", "1", "--prompt")
        sampled = call_charrnn(frozen, "sample", name, *args[0])
        assert sampled.out == expected["temp_0"], sampled.err
        assert call_charrnn(frozen, "sample", name, *args[1], "The ").out == expected["seed_1"]
    if "beam_4" in expected:
        beam = call_charrnn(frozen, "predict", name, "--beam", "4", stdin=stdin)
        assert beam.out.splitlines() == expected["beam_4"]
    scored = call_charrnn(frozen, "eval", name, "--json", "--device", "cpu")
    assert close(json.loads(scored.out), expected["eval"]), scored.err


@pytest.mark.parametrize("name", KILLED)
def test_a_frozen_run_ends_as_the_run_that_was_not_killed(frozen, name):
    """A moment given to another parameter, a position or random numbers that start anew."""
    result = call_charrnn(frozen, "train", "--resume", "--run", name)
    assert "at step 12 of 24" in result.err
    assert read_metadata(frozen / "checkpoints" / name / "training.safetensors")["format"] == FORMAT
    if name == "killed-text":
        need_same_dropout()
    found = load_file(frozen / "checkpoints" / name / "model.safetensors")
    expected = load_file(FROZEN / "finished" / f"{name}.safetensors")
    assert found.keys() == expected.keys()
    for tensor, weight in expected.items():  # close, because another processor may round otherwise
        np.testing.assert_allclose(found[tensor], weight, rtol=1e-3, atol=1e-5)


def test_a_frozen_file_is_one_that_would_be_written_today():
    """A format that changes while its number stays."""
    for path in FROZEN.glob("*/**/*.safetensors"):
        assert read_metadata(path)["format"] == FORMAT == 3
        assert os.path.getsize(path) < 40_000
