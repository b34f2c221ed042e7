"""Graphs of every task and cell, run by onnxruntime and by the page's scripts, are the network."""

import numpy as np
import onnxruntime
import pytest

from charrnn.cells import CELLS
from charrnn.extras.export.onnx_model import onnx_models
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import task_of
from tests.network.test_networks import CASES, EXAMPLES, SIZES, batch_of
from tests.random_models import random_weights

every_cell = pytest.mark.parametrize("cell", CELLS)


def checkpoint_of(name, cell, **changes):
    """A checkpoint of random weights for a case of the network's tests."""
    task_name, subject, own = CASES[name]
    settings = ModelSettings(task=task_name, cell=cell, **SIZES | own | changes)
    weights = random_weights(task_of(settings, subject).parameters(settings), seed=3)
    return Checkpoint(
        name, settings, TrainSettings(), subject.text, "corpus", "", tokenizer=subject.tokenizer,
        step=1, loss=None, weights=weights, target_vocabulary=subject.target_vocabulary,
        input_shape=subject.input_shape,
    )  # fmt: skip


def network_of(checkpoint):
    task = task_of(checkpoint.model, checkpoint)
    return task, task.network(checkpoint.model, checkpoint.weights)


class Session:
    """A graph in onnxruntime, of named arrays."""

    def __init__(self, data):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        self.session = onnxruntime.InferenceSession(data, options)
        self.inputs = [value.name for value in self.session.get_inputs()]
        self.outputs = [value.name for value in self.session.get_outputs()]

    def __call__(self, **arrays):
        feeds = {name: arrays[name] for name in self.inputs}
        return dict(zip(self.outputs, self.session.run(None, feeds), strict=True))


def in_onnx(checkpoint, batch, steps, dtype="fp32"):
    """What the files make of a batch: its logits, or those of a decoder's steps."""
    sessions = {n: Session(data) for n, data in onnx_models(checkpoint, dtype).items()}
    inputs = {"ids": batch.inputs, "inputs": batch.inputs, "lengths": batch.lengths}
    if "" in sessions:
        return [sessions[""](**inputs, spans=batch.spans)["logits"]]
    read = sessions["encoder"](**inputs)
    logits = []
    for symbols in steps:
        found = sessions["decoder"](**read, symbols=symbols)
        read |= {n.replace("next", "state"): found[n] for n in found if n.startswith("next")}
        logits.append(found["logits"])
    return logits


def in_numpy(checkpoint, batch, steps):
    """The same by the network."""
    task, network = network_of(checkpoint)
    if task.output.options != ("beam", "temp", "seed", "max_length"):
        return [task.output.evaluate(network, batch)[0]]
    source, _ = task.output._source(network, batch)
    return [*network.head.write(source, steps)]


def steps_of(batch):
    """True symbols (T, B) that a decoder goes on from."""
    count = len(batch.target_lengths) if batch.target_lengths is not None else 1
    return np.random.default_rng(2).integers(0, 4, (3, count))


@every_cell
@pytest.mark.parametrize("name", EXAMPLES)
def test_onnx_equals_numpy(name, cell):
    """A layer that reads padding; an axis that is as long as another; a state of the wrong layer."""
    checkpoint = checkpoint_of(name, cell)
    task, _ = network_of(checkpoint)
    batch = batch_of(name, task)
    steps = steps_of(batch)
    expected = in_numpy(checkpoint, batch, steps)
    found = in_onnx(checkpoint, batch, steps)
    for array, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(array, other, atol=1e-5)
