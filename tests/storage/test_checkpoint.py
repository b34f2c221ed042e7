"""Checkpoints: what is saved is loaded, and nothing else is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors.numpy import load_file, save_file

from charrnn.cells import CELLS
from charrnn.cells.parameters import count, listed
from charrnn.errors import CheckpointError
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charrnn.text.tokenizers import Characters


def checkpoint(**changes):
    model = ModelSettings(hidden_size=3, embedding_size=2)
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=parameter.shape).astype(np.float32)
        for name, parameter in listed(LanguageModel.parameters(model, 4)).items()
    }
    made = Checkpoint(
        "run", model, TrainSettings(), TextSettings(), "corpus", "f" * 64, Characters("abcé"), 5,
        1.5, weights,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_checkpoint_comes_back_as_it_was_and_equal_ones_are_equal_bytes(home):
    """A setting lost on the way; a checkpoint that cannot be compared by its sha256."""
    made = checkpoint()
    save_checkpoint(home / "a.safetensors", made)
    save_checkpoint(home / "b.safetensors", made)
    assert (home / "a.safetensors").read_bytes() == (home / "b.safetensors").read_bytes()
    back = load_checkpoint(home / "a.safetensors")
    assert back.tokenizer.to_json() == made.tokenizer.to_json()
    plain = {"weights": {}, "tokenizer": made.tokenizer}
    assert replace(back, **plain) == replace(made, **plain)
    assert all(np.array_equal(back.weights[n], w) for n, w in made.weights.items())


def test_what_is_inconsistent_is_refused(home):
    """Weights of another shape than the settings say, loaded until something crashes."""
    path = home / "m.safetensors"
    made = checkpoint()
    wrong = [
        replace(made, weights={**made.weights, "head.weight": np.zeros((5, 3), np.float32)}),
        replace(made, weights={**made.weights, "head.weight": np.zeros((4, 3), np.float64)}),
        replace(made, weights={**made.weights, "more": np.zeros(1, np.float32)}),
        replace(made, model=replace(made.model, hidden_size=4)),
        replace(made, model=replace(made.model, cell="gru")),
        replace(made, tokenizer=Characters("ab")),
    ]
    for each in wrong:
        save_checkpoint(path, each)
        with pytest.raises(CheckpointError, match="is not a charrnn checkpoint"):
            load_checkpoint(path)
    save_checkpoint(path, made)
    save_file(load_file(path), path, {"charrnn": json.dumps({"format": 99})})
    with pytest.raises(CheckpointError, match="format 99"):
        load_checkpoint(path)
    save_file(load_file(path), path, {"other": "x"})
    with pytest.raises(CheckpointError, match="no charrnn metadata"):
        load_checkpoint(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_changed_byte_is_loaded_or_refused(home, place, byte, cut):
    """A damaged file that ends in a traceback."""
    path = home / "m.safetensors"
    save_checkpoint(path, checkpoint())
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] = byte
    path.write_bytes(data[:place] if cut else data)
    try:
        load_checkpoint(path)
    except CheckpointError as error:
        assert error.hint


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_are_counted_without_making_a_network(cell):
    """A size that the choice of a network believes, and the network does not have."""
    model = ModelSettings(cell=cell, layers=3, hidden_size=12, embedding_size=12)

    def parameters(**changes):
        return LanguageModel.parameters(replace(model, **changes), 9)

    plain = count(parameters())
    assert count(parameters(tie_weights=True)) == plain - 9 * 12
    one_hot = count(parameters(one_hot=True))
    inputs_fewer = count(CELLS[cell].parameters(12, 12)) - count(CELLS[cell].parameters(9, 12))
    assert one_hot == plain - 9 * 12 - inputs_fewer
