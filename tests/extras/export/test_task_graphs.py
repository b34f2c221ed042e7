"""Graphs of every task and cell, run by onnxruntime and by the page's scripts, are the network."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.errors import UsageError
from charrnn.extras.export.html_page import html_page
from charrnn.extras.export.onnx_model import onnx_models
from charrnn.extras.export.rounding import rounded_weights
from charrnn.models.predictor import Predictor
from charrnn.network.ctc import CTCHead
from charrnn.network.decoder import Decoder
from charrnn.tasks import task_of
from charrnn.tasks.outputs.alignment import AlignedOutput
from charrnn.tasks.outputs.label import LabelOutput
from charrnn.tasks.outputs.sequence import SequenceOutput
from charrnn.tasks.outputs.tags import TagOutput
from charrnn.text.pictures import as_inputs, load_input
from tests.extras.export.session import Session
from tests.extras.export.task_models import checkpoint_of
from tests.network.test_networks import CASES, EXAMPLES, batch_of, items_of

WITH_EVERY_CELL = ("tag, CRF", "rewrite, dot")
EVERY = [(name, "lstm") for name in EXAMPLES if name not in WITH_EVERY_CELL]
EVERY += [(name, cell) for name in WITH_EVERY_CELL for cell in CELLS]
"""Every task, and every cell in both directions and in a decoder."""


def is_shown(name):
    """Whether a page can show what it reads."""
    shape = CASES[name][1].input_shape
    return not shape or shape[0] == 1


def network_of(checkpoint):
    task = task_of(checkpoint.model, checkpoint)
    return task, task.network(checkpoint.model, checkpoint.weights)


def in_onnx(checkpoint, batch, steps, dtype="fp32"):
    """What the files make of a batch: its logits, or those of a decoder's steps."""
    sessions = {n: Session(data) for n, data in onnx_models(checkpoint, dtype).items()}
    inputs = {"ids": batch.inputs, "inputs": batch.inputs, "lengths": batch.lengths}
    if "" in sessions:
        return [sessions[""](**inputs, spans=batch.spans)["logits"]]
    read = sessions["encoder"](**inputs)
    return [sessions["decoder"](**read, symbols=symbols)["logits"] for symbols in steps]


def in_numpy(checkpoint, batch, steps):
    """The same by the network."""
    task, network = network_of(checkpoint)
    if isinstance(network.head, CTCHead):
        return [network.head.logits(*network.encode(batch)[:2])[0]]
    if not isinstance(network.head, Decoder):
        return [task.output.evaluate(network, batch)[0]]
    source, _ = task.output._source(network, batch)
    return [*network.head.write(source, steps)]


def steps_of(batch):
    """True symbols (T, B) that a decoder goes on from."""
    count = len(batch.target_lengths) if batch.target_lengths is not None else 1
    return np.random.default_rng(2).integers(0, 4, (3, count))


def compare(name, checkpoint, dtype="fp32"):
    """The files of a checkpoint for a case, and its network of rounded weights."""
    rounded = replace(checkpoint, weights=rounded_weights(checkpoint.weights, dtype))
    batch = batch_of(name, network_of(checkpoint)[0])
    steps = steps_of(batch)
    found, expected = in_onnx(checkpoint, batch, steps, dtype), in_numpy(rounded, batch, steps)
    for array, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(array, other, atol=1e-5 if dtype == "fp32" else 1e-4)


@pytest.mark.parametrize(("name", "cell"), EVERY)
def test_onnx_equals_numpy(name, cell):
    """A layer that reads padding; an axis as long as another; the state of another layer."""
    compare(name, checkpoint_of(name, cell))


SOURCES = ["a", "ab cd", "dab  cabba\td", "b\u0301\u00c4x ca"]


@pytest.mark.parametrize(("name", "cell"), [case for case in EVERY if is_shown(case[0])])
def test_the_page_predicts_what_predict_does(engine, name, cell):
    """A transition from the wrong side; an unknown character that shifts a tag; END at once."""
    checkpoint = checkpoint_of(name, cell)
    engine.load(checkpoint)
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


def written(engine, source):
    return engine.run(
        """return [...predictor.write(source)].map((one) =>
          ({...one, attention: [...one.attention || []]}));""",
        source=source,
    )


def compare_symbols(engine, source, expected):
    found = written(engine, source)
    assert [one["text"] for one in found] == expected.symbols
    if found and found[0]["attention"]:
        attention = [one["attention"] for one in found]
        np.testing.assert_allclose(attention, expected.attention[: len(found)], atol=1e-4)


def compare_alignment(engine, source, expected):
    """The positions of Python are those of the frame that says a symbol most clearly."""
    found = written(engine, source)
    assert [one["text"] for one in found] == expected.symbols
    for one, position in zip(found, expected.positions, strict=True):
        assert one["attention"][position] > 0


COMPARE = {
    LabelOutput: compare_labels, TagOutput: compare_tags, SequenceOutput: compare_symbols,
    AlignedOutput: compare_alignment,
}  # fmt: skip


@pytest.mark.parametrize("name", ["rewrite, dot", "pictures", "features", "rewrite of a video"])
def test_ctc_is_exported(engine, name):
    """Frames of a position in the wrong order; a blank that parts what is one symbol."""
    checkpoint = checkpoint_of(name, "gru", decoder="ctc", ctc_frames=2)
    compare(name, checkpoint)
    if name == "rewrite, dot":
        engine.load(checkpoint)
        for text in ("a", "dab  cabba"):
            source = engine.run("return predictor.read(text);", text=text)
            compare_alignment(engine, source, Predictor(checkpoint).predict([text])[0])


@pytest.mark.parametrize("name", ["label, both directions", "rewrite, dot"])
def test_residual_layers_are_exported(name):
    """A norm that is left out."""
    compare(name, checkpoint_of(name, "gru", residual=True))


def test_a_picture_is_read_as_python_reads_it(engine, tmp_path):
    """Shades that are rounded the other way; a picture that is shifted, or on another ground."""
    from PIL import Image

    rng = np.random.default_rng(1)
    for number, (height, width) in enumerate([(9, 40), (40, 31), (16, 8), (5, 3), (33, 64)]):
        pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
        pixels[..., 3] = rng.choice([0, 128, 255], (height, width))
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels).save(path)
        expected = load_input(str(path), "16x32")[0].astype(int)
        found = engine.run(
            "return [...fitted(greyOf({width, height, data}), 16, 32).shades];",
            width=width, height=height, data=pixels.ravel().tolist(),
        )  # fmt: skip
        assert np.abs(np.reshape(found, (16, 32)) - expected).max() <= 1


def test_a_text_is_read_to_a_bound(engine):
    """A page that a pasted book freezes."""
    engine.load(checkpoint_of("label", "lstm"))
    found = engine.run("return predictor.read('ab'.repeat(9000));")
    assert (len(found["ids"]), found["cut"]) == (4000, True)
    assert engine.run("return predictor.read('xyz').ids;") == [0]


@pytest.mark.parametrize("dtype", ["fp16", "int8"])
def test_rounded_weights_are_those_of_the_rounded_network(dtype):
    """A scale that belongs to another row of a convolution."""
    for name in ("pictures", "rewrite, additive"):
        compare(name, checkpoint_of(name, "gru"), dtype)


@pytest.mark.parametrize(
    ("name", "read"),
    [("features", "features"), ("tag of frames", "frames"), ("rewrite of a video", "frames")],
)
def test_what_no_page_can_show_is_said(name, read):
    """A page without anything to type, to draw or to record; a model of features "of pictures"."""
    with pytest.raises(
        UsageError, match=f"pictures and sound, and this model reads {read}"
    ) as error:
        html_page(checkpoint_of(name, "lstm"), "fp16")
    assert "--onnx" in error.value.hint
