"""Checkpoints and runs."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors.numpy import load_file, save_file

from charrnn import files, runs, store
from charrnn.errors import CheckpointError, UsageError
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.text.tokenizers import Characters


def checkpoint(**changes):
    model = ModelSettings(width=3, embedding=2)
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in store.shapes(model, 4).items()
    }
    made = store.Checkpoint(
        "run", model, TrainSettings(), TextSettings(), Characters("abcé"), "corpus", "f" * 64, 5,
        1.5, weights,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_checkpoint_comes_back_as_it_was_and_equal_ones_are_equal_bytes(home):
    """A setting lost on the way; a checkpoint that cannot be compared by its sha256."""
    made = checkpoint()
    store.save_checkpoint(home / "a.safetensors", made)
    store.save_checkpoint(home / "b.safetensors", made)
    assert (home / "a.safetensors").read_bytes() == (home / "b.safetensors").read_bytes()
    back = store.load_checkpoint(home / "a.safetensors")
    assert back.tokenizer.to_json() == made.tokenizer.to_json()
    plain = {"weights": {}, "tokenizer": made.tokenizer}
    assert replace(back, **plain) == replace(made, **plain)
    assert all(np.array_equal(back.weights[n], w) for n, w in made.weights.items())


def test_what_does_not_add_up_is_refused(home):
    """Weights of another shape than the settings say, loaded until something crashes."""
    path = home / "m.safetensors"
    made = checkpoint()
    wrong = [
        replace(made, weights={**made.weights, "head": np.zeros((5, 3), np.float32)}),
        replace(made, weights={**made.weights, "head": np.zeros((4, 3), np.float64)}),
        replace(made, weights={**made.weights, "more": np.zeros(1, np.float32)}),
        replace(made, model=replace(made.model, width=4)),
        replace(made, model=replace(made.model, cell="gru")),
        replace(made, tokenizer=Characters("ab")),
    ]
    for each in wrong:
        store.save_checkpoint(path, each)
        with pytest.raises(CheckpointError, match="no charrnn checkpoint"):
            store.load_checkpoint(path)
    store.save_checkpoint(path, made)
    save_file(load_file(path), path, {"charrnn": json.dumps({"format": 99})})
    with pytest.raises(CheckpointError, match="format 99"):
        store.load_checkpoint(path)
    save_file(load_file(path), path, {"other": "x"})
    with pytest.raises(CheckpointError, match="does not say"):
        store.load_checkpoint(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_changed_byte_is_loaded_or_refused(home, place, byte, cut):
    """A damaged file that ends in a traceback."""
    path = home / "m.safetensors"
    store.save_checkpoint(path, checkpoint())
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] = byte
    path.write_bytes(data[:place] if cut else data)
    try:
        store.load_checkpoint(path)
    except CheckpointError as error:
        assert error.hint


def test_writing_fails_without_a_trace(home):
    """A half-written file in place of the good one, or beside it."""
    path = home / "x"
    path.write_bytes(b"good")
    with pytest.raises(RuntimeError), files.whole(path) as file:
        file.write(b"bad")
        raise RuntimeError
    assert path.read_bytes() == b"good"
    assert [p.name for p in home.iterdir()] == ["x"]


def test_runs_are_found_by_name_folder_file_or_as_the_last(home):
    """The run of yesterday sampled in place of today's."""
    with pytest.raises(CheckpointError, match="nothing has been trained"):
        runs.find(None)
    for number, name in enumerate(["zeta", "alpha"]):
        folder, _ = runs.new(name, "text")
        store.save_checkpoint(folder / runs.MODEL, checkpoint(run=name))
        os.utime(folder / runs.MODEL, (number, number))
    last = files.checkpoints() / "alpha" / runs.MODEL
    assert runs.find(None) == last
    for name in ("alpha", str(last.parent), str(last)):
        assert runs.find(name) == last
    with pytest.raises(CheckpointError) as error:
        runs.find("omega")
    assert "zeta, alpha" in error.value.hint
    with pytest.raises(CheckpointError) as error:
        runs.find("alpah")
    assert error.value.hint == "Did you mean alpha? Runs here: zeta, alpha."


def test_a_run_never_takes_the_folder_of_another(home):
    """A checkpoint of hours overwritten by the next `train` of the same text."""
    assert runs.new(None, "text")[0].name == "text"
    assert runs.new(None, "text")[0].name == "text-2"
    (runs.new("mine", "text")[0] / runs.TRAINING).touch()
    with pytest.raises(UsageError, match="already"):
        runs.check_new("mine")
    for name in ("a/b", "..", "", "-x", "x" * 65):
        with pytest.raises(UsageError, match="no name"):
            runs.check_new(name)
