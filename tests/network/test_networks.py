"""What every network promises, once, over all tasks and cells: the same numbers everywhere."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.devices import to_device
from charrnn.engine.module import module_of
from charrnn.settings import ModelSettings, TextSettings
from charrnn.tasks import TASKS, task_of
from charrnn.tasks.base import Batch
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.examples import Ragged
from charrnn.text.tokenizers import Characters
from tests.random_models import random_weights

SIZES = {"hidden_size": 6, "embedding_size": 5, "layers": 2, "dropout": 0.0}
LENGTHS = [5, 1, 8, 3]
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Subject:
    """What a task has to know of a corpus, without one."""

    text: TextSettings = field(default_factory=TextSettings)
    input_shape: tuple[int, ...] = ()
    input_scale: tuple[tuple[float, float], ...] = ()
    target_vocabulary: tuple[str, ...] = ("x", "y", "z")
    tokenizer: Characters = field(default_factory=lambda: Characters(" abcd"))


TEXTS, SEVERAL = Subject(), Subject(TextSettings(multi_label=True))
CHARACTERS = Subject(TextSettings(tag_unit="character"))
PICTURES, FEATURES = Subject(input_shape=(1, 16, 8)), Subject(input_shape=(3, 4))
LABELLED = Subject(TextSettings(input="picture"), (1, 16, 8))
REWRITTEN = Subject(TextSettings(input="picture"), (3, 4))
SERIES, VIDEO = (Subject(TextSettings(input="frames"), shape) for shape in ((0, 4), (0, 16, 16)))
CASES = {
    "text": ("text", TEXTS, {}),
    "text, tied": ("text", TEXTS, {"tie_weights": True, "embedding_size": 6}),
    "text, one-hot": ("text", TEXTS, {"one_hot": True}),
    "label": ("label", TEXTS, {}),
    "label, both directions": ("label", TEXTS, {"bidirectional": True}),
    "several labels": ("label", SEVERAL, {"one_hot": True}),
    "label of a picture": ("label", LABELLED, {}),
    "tag": ("tag", TEXTS, {}),
    "tag, CRF": ("tag", TEXTS, {"crf": True, "bidirectional": True}),
    "tag of characters": ("tag", CHARACTERS, {"crf": True}),
    "rewrite, dot": ("rewrite", TEXTS, {"bidirectional": True}),
    "rewrite, additive": ("rewrite", TEXTS, {"attention": "additive"}),
    "rewrite, none": ("rewrite", TEXTS, {"attention": "none"}),
    "pictures": ("caption", PICTURES, {}),
    "pictures, additive": ("caption", PICTURES, {"attention": "additive"}),
    "features": ("caption", FEATURES, {}),
    "features, none": ("caption", FEATURES, {"attention": "none"}),
    "rewrite of features": ("rewrite", REWRITTEN, {}),
    "label of a series": ("label", SERIES, {"bidirectional": True}),
    "tag of frames": ("tag", SERIES, {"crf": True}),
    "rewrite of a video": ("rewrite", VIDEO, {}),
}
EXAMPLES = {name: case for name, case in CASES.items() if case[0] != "text"}
EVERYWHERE = {"text", "label, both directions", "tag, CRF", "rewrite, dot"}
"""One case of each output, in which all cells are; in others are three: one whose layer torch has,
one with a clock, one whose state is wide."""
PAIRS = [
    (name, cell)
    for name in CASES
    for cell in (CELLS if name in EVERYWHERE else ("lstm", "clockwork", "xlstm"))
]
every_pair = pytest.mark.parametrize(("name", "cell"), PAIRS)
every_example = pytest.mark.parametrize(("name", "cell"), [p for p in PAIRS if p[0] in EXAMPLES])


def test_every_task_is_here():
    """A task whose network no test below knows."""
    assert {task for task, _, _ in CASES.values()} == set(TASKS)


def case_of(name, cell):
    """A task, its network in torch, the same in NumPy."""
    task_name, subject, changes = CASES[name]
    settings = ModelSettings(task=task_name, cell=cell, **SIZES | changes)
    task = task_of(settings, subject)
    module = module_of(task, settings)
    module.load(random_weights(task.parameters(settings), seed=3))
    return task, module, task.network(settings, module.export())


def items_of(name):
    """Inputs and targets of a few examples, of several lengths."""
    rng, (task, subject, _) = np.random.default_rng(4), CASES[name]
    shape = subject.input_shape
    size = int(np.prod(shape)) * (4 if len(shape) == 2 else 1)
    if shape and not shape[0]:
        clips = [rng.normal(size=(length, *shape[1:])) for length in LENGTHS]
        kind = np.float16 if len(shape) == 2 else np.uint8
        inputs = [(8 * clip).astype(kind).ravel().view(np.uint8) for clip in clips]
    elif subject.input_shape == FEATURES.input_shape:
        inputs = [rng.normal(size=size // 4).astype("f").view(np.uint8) for _ in LENGTHS]
    elif subject.input_shape:
        inputs = [rng.integers(0, 256, size).astype(np.uint8) for _ in LENGTHS]
    else:
        inputs = [rng.integers(1, 5, length) for length in LENGTHS]
        for ids in inputs:
            ids[1:2] = 0  # the space between two tokens
    tokens = [min(2, length) for length in LENGTHS]
    counts = {"tag": tokens if subject is TEXTS else LENGTHS, "label": [1] * 4}
    targets = [rng.integers(0, 3, count) for count in counts.get(task, [2, 4, 1, 3])]
    return Ragged.of(inputs), Ragged.of(targets)


def batch_of(name, task, *examples):
    """Some examples, or all of them, as a batch of NumPy arrays."""
    if name.startswith("text"):
        ids = np.random.default_rng(4).integers(0, 5, (9, 4))
        return Batch(ids[:-1], ids[1:])
    return task.batch_of(*items_of(name), np.array(examples or range(len(LENGTHS))))


def loss_of(task, network, batch):
    """The mean loss of a batch."""
    axis = task.input.batch_axis if isinstance(task, ExampleTask) else 1
    size = task.sliced(batch, slice(None)).inputs.shape[axis]
    return task.loss(network, batch, task.zero_state(network, size), [])[0]


@every_pair
def test_numpy_equals_torch(name, cell):
    """A function of one library that is another one: a prediction that was never trained."""
    task, module, network = case_of(name, cell)
    batch = batch_of(name, task)
    expected = loss_of(task, module.network, to_device(batch, CPU)).item()
    assert float(loss_of(task, network, batch)) == pytest.approx(expected, rel=1e-4)
    if name in EXAMPLES:
        evaluated = task.output.evaluate(network, batch)
        in_torch = task.output.evaluate(module.network, to_device(batch, CPU))
        for array, tensor in zip(evaluated, in_torch, strict=True):
            np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-3, atol=1e-4)


def values_of(task, arrays, column, batch):
    """What was evaluated of one example of a batch: its logits or losses, without the padding."""
    if task.output.batch_axis == 0:  # labels
        return [array[column] for array in arrays]
    length = batch.target_lengths[column]
    return [a[column] if a.ndim == 1 else a[:length, column] for a in arrays]


@every_example
def test_an_example_alone_is_the_example_in_a_batch(name, cell):
    """Padding that is read, attended to, averaged or scored; a neighbour's state."""
    task, _, network = case_of(name, cell)
    batch = batch_of(name, task)
    together = task.output.evaluate(network, batch)
    for column in range(len(LENGTHS)):
        single = batch_of(name, task, column)
        alone = task.output.evaluate(network, single)
        values = zip(
            values_of(task, together, column, batch), values_of(task, alone, 0, single), strict=True
        )
        for array, expected in values:
            np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_padding_itself_does_not_matter(name):
    """A token that stands behind a text, and is read."""
    task, _, network = case_of(name, "lstm")
    batch = batch_of(name, task)
    expected = loss_of(task, network, batch)
    fields = {}
    for field_name, lengths in (("inputs", batch.lengths), ("targets", batch.target_lengths)):
        padded = getattr(batch, field_name)
        if lengths is not None and padded.ndim == 2 and task.output.batch_axis:
            steps = np.arange(len(padded))[:, None]
            fields[field_name] = np.where(steps < lengths, padded, 2)
            assert (fields[field_name] != padded).any() or name.startswith("tag")
    assert bool(fields) == (task.output.batch_axis == 1)
    assert loss_of(task, network, batch._replace(**fields)) == expected


@pytest.mark.parametrize("name", CASES)
def test_the_parts_of_a_batch_add_up(name):
    """A mean over examples that are not weighed alike; a part that is cut along another axis."""
    task, module, _ = case_of(name, "gru")
    batch = to_device(batch_of(name, task), CPU)
    parts = [task.sliced(batch, part) for part in (slice(0, 3), slice(3, 4))]
    three, one = (loss_of(task, module.network, part).item() for part in parts)
    whole = loss_of(task, module.network, batch).item()
    assert (3 * three + one) / 4 == pytest.approx(whole, rel=1e-5)


@every_pair
def test_a_gradient_reaches_every_block_of_every_weight(name, cell):
    """A direction, an attention, a bias or a gate that never learns."""
    task, module, _ = case_of(name, cell)
    loss_of(task, module.network, to_device(batch_of(name, task), CPU)).backward()
    for parameter_name, parameter in module.named_parameters():
        assert parameter.grad is not None, parameter_name
        rows = module.declared[parameter_name].initial.rows or len(parameter)
        for number, block in enumerate(parameter.grad.split(rows)):
            assert block.any(), (parameter_name, number)
