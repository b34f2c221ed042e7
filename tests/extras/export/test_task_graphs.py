"""Graphs of every task and cell, run by onnxruntime and by the page's scripts, are the network."""

import numpy as np
import onnxruntime
import pytest

from charrnn.cells import CELLS
from charrnn.extras.export.html_page import page_graphs, page_weights, rounded_graphs
from charrnn.extras.export.onnx_model import onnx_models
from charrnn.extras.export.task_page import ENGINE, example_task, task_model
from charrnn.extras.export.traced import task_graphs
from charrnn.models.predictor import Predictor
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import task_of
from charrnn.tasks.outputs.label import LabelOutput
from charrnn.tasks.outputs.sequence import SequenceOutput
from charrnn.tasks.outputs.tags import TagOutput
from charrnn.text.pictures import as_inputs
from tests.extras.export.engine import Engine
from tests.network.test_networks import CASES, EXAMPLES, SIZES, batch_of, items_of
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
    """A layer that reads padding; an axis as long as another; the state of another layer."""
    checkpoint = checkpoint_of(name, cell)
    task, _ = network_of(checkpoint)
    batch = batch_of(name, task)
    steps = steps_of(batch)
    expected = in_numpy(checkpoint, batch, steps)
    found = in_onnx(checkpoint, batch, steps)
    for array, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(array, other, atol=1e-5)


@pytest.fixture(scope="module")
def engine():
    made = Engine(ENGINE)
    yield made
    made.close()


def load(engine, checkpoint, dtype="fp32"):
    """Make the global `predictor` of a model."""
    task = example_task(checkpoint)
    graphs = rounded_graphs(task_graphs(task, checkpoint.weights, batch=1), dtype)
    weights, packed = page_weights(graphs, dtype)
    model = {**task_model(task, checkpoint.tokenizer), "graphs": page_graphs(graphs)}
    engine.run(
        "globalThis.predictor = new Predictor(model, readWeights(weights, packed)); return 0;",
        model=model, weights=weights, packed=packed,
    )  # fmt: skip


PAGES = [name for name in EXAMPLES if "features" not in name]
SOURCES = ["a", "ab cd", "dab  cabba\td", "b\u0301\u00c4x ca"]


@every_cell
@pytest.mark.parametrize("name", PAGES)
def test_the_page_predicts_what_predict_does(engine, name, cell):
    """A transition from the wrong side; an unknown character that shifts a tag; END at once."""
    checkpoint = checkpoint_of(name, cell)
    load(engine, checkpoint)
    model = Predictor(checkpoint)
    if checkpoint.input_shape:
        items = [items_of(name)[0][number] for number in range(3)]
        given = [as_inputs(item[None], checkpoint.input_shape).ravel().tolist() for item in items]
        predicted = model.task.predict(model.network, ["x"] * 3, items)
        inputs = [{"numbers": numbers} for numbers in given]
    else:
        predicted = model.predict(SOURCES)
        inputs = engine.run("return texts.map((text) => predictor.read(text));", texts=SOURCES)
    for source, expected in zip(inputs, predicted, strict=True):
        COMPARE[type(model.task.output)](engine, source, expected)


def compare_labels(engine, source, expected):
    found = engine.run("return predictor.labels(source);", source=source)
    by_name = {label["name"]: label["probability"] for label in found}
    assert by_name == pytest.approx(expected.probabilities, abs=1e-5)
    assert found[0]["probability"] == max(by_name.values())


def compare_tags(engine, source, expected):
    found = engine.run("return predictor.tags(source);", source=source)
    assert [one["token"] for one in found] == expected.tokens
    assert ["xyz"[one["tag"]] for one in found] == expected.tags


def compare_symbols(engine, source, expected):
    found = engine.run(
        """return [...predictor.write(source)].map((one) =>
          ({...one, attention: [...one.attention || []]}));""",
        source=source,
    )
    assert [one["text"] for one in found] == expected.symbols
    if found and found[0]["attention"]:
        attention = [one["attention"] for one in found]
        np.testing.assert_allclose(attention, expected.attention[: len(found)], atol=1e-4)


COMPARE = {LabelOutput: compare_labels, TagOutput: compare_tags, SequenceOutput: compare_symbols}
