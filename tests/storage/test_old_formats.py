"""Checkpoints of format 2, frozen before the names changed, are read and resumed.

format2/checkpoints/old was killed after 12 of 24 steps; finished.safetensors is the model of the
same run that was not killed.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.container import FORMAT, read_metadata
from charrnn.storage.metrics import read_curves
from charrnn.tasks import parameters_of
from tests.conftest import need_same_dropout

FROZEN = Path(__file__).parent / "format2"
CORPUS = Path(__file__).parent.parent / "text" / "format1" / "old-bd6b4953"


@pytest.fixture
def old(home):
    """A home with the run and its corpus."""
    shutil.copytree(FROZEN / "checkpoints", home / "checkpoints")
    shutil.copytree(CORPUS, home / "corpora" / CORPUS.name)
    return home / "checkpoints" / "old"


def test_a_model_of_format_2_has_todays_names(old):
    """A setting that is lost, or a tensor under its former name."""
    checkpoint = load_checkpoint(old / "model.safetensors")
    model, train = checkpoint.model, checkpoint.train
    assert (model.hidden_size, model.embedding_size, model.layers) == (8, 6, 1)
    assert (train.batch_size, train.seq_length, train.state_reset) == (4, 8, 0.05)
    assert (train.learning_rate, train.adamw_learning_rate) == (0.065, 0.008)
    shapes = {n: p.shape for n, p in parameters_of(model, checkpoint).items()}
    assert {n: w.shape for n, w in checkpoint.weights.items()} == shapes
    assert read_curves(old).training


def test_a_run_of_format_2_is_resumed_where_it_was(old, charrnn):
    """A moment given to another parameter, a position or random numbers that start anew."""
    assert charrnn("sample", "old", "--length", "20", "--seed", "1").code == 0
    result = charrnn("train", "--resume", "--run", "old")
    assert result.code == 0, result.err
    assert "at step 12 of 24" in result.err
    assert read_metadata(old / "training.safetensors")["format"] == FORMAT
    need_same_dropout()
    names = {"embedding": "embedding.weight", "head": "head.weight", "head_bias": "head.bias"}
    expected = load_file(FROZEN / "finished.safetensors")
    found = load_file(old / "model.safetensors")
    for name, weight in expected.items():  # close, because another processor may round otherwise
        np.testing.assert_allclose(found[names.get(name, name)], weight, rtol=1e-3, atol=1e-5)
