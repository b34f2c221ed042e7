"""Batches of examples: each once an epoch, in an order that follows from the position."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.engine.devices import to_device
from charrnn.settings import TrainSettings
from charrnn.tasks.examples import Ragged, by_length
from tests.tasks.conftest import corpus_for, prepared, randomized, task_on
from tests.tasks.examples import labelled


def batches_of(corpus, size):
    """The training batches of so many examples."""
    return task_on(corpus).batches(TrainSettings(batch_size=size, seed=1), slice(None))


def texts_of(batch):
    """The ids and the target of each example of a batch."""
    for ids, length, target in zip(batch.inputs.T, batch.lengths, batch.targets, strict=True):
        yield tuple(ids[:length].tolist()), int(target)


def test_an_epoch_has_each_example_once(corpus):
    """An example that is never read, or read with another's label."""
    batches = batches_of(corpus, 16)
    seen = [example for _ in range(batches.per_epoch) for example in texts_of(batches.next())]
    stored = [
        (tuple(corpus.ids(n).tolist()), int(corpus.targets[n])) for n in corpus.examples("train")
    ]
    left = len(stored) - len(seen)
    assert 0 <= left < 16
    for example in seen:
        stored.remove(example)
    assert len(stored) == left


def test_the_longest_examples_are_read_too(corpus):
    """Examples that fill no batch, and are the same ones in every epoch."""
    batches = batches_of(corpus, 300)
    assert len(corpus.examples("train")) == 320
    seen = {ids for _ in range(9) for ids, _ in texts_of(batches.next())}
    assert seen == {tuple(corpus.ids(number).tolist()) for number in corpus.examples("train")}


def test_a_position_is_enough_to_continue(corpus):
    """A resumed run that reads other examples than the one that was not stopped."""
    one, other = batches_of(corpus, 16), batches_of(corpus, 16)
    for _ in range(one.per_epoch + 3):
        one.next()
    other.epoch, other.step = one.epoch, one.step
    for _ in range(one.per_epoch):
        assert np.array_equal(one.next().inputs, other.next().inputs)


arrays = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=9), min_size=1, max_size=9)


@given(arrays)
def test_padding_stands_behind_the_arrays(lists):
    """A text that is cut, or that begins with padding."""
    ragged = Ragged.of([np.array(values) for values in lists])
    padded, lengths = ragged.padded(np.arange(len(lists))[::-1])
    for column, values in zip(padded.T.tolist(), lists[::-1], strict=True):
        assert column == values + [0] * (len(padded) - len(values))
    assert lengths.tolist() == [len(values) for values in lists[::-1]]


@given(st.lists(st.integers(1, 1 << 16), max_size=40), st.integers(1, 9))
def test_groups_have_every_array_once_and_are_small_where_arrays_are_long(lengths, most):
    """A text that is left out; a batch of texts that takes all of the memory."""
    groups = by_length(np.array(lengths, np.int64), most)
    assert sorted(n for group in groups for n in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) <= most
        assert len(group) == 1 or len(group) * max(lengths[n] for n in group) <= 1 << 17


@pytest.mark.parametrize("changes", [{}, {"ctc_frames": 64}])
def test_no_guess_is_too_large_a_loss_to_learn_from(home, changes):
    """Steps that are skipped, as words of a large vocabulary are spread over many frames."""
    corpus = corpus_for("rewrite", home, 60, target_unit="word")
    task = task_on(corpus, decoder="ctc", **changes)
    module = randomized(task, scale=0.0)
    long = np.argsort(task.input.lengths(task.items, corpus.examples("train")))[-4:]
    batch = to_device(task.batch_of(task.items, task.targets, long), torch.device("cpu"))
    loss, _ = task.loss(module.network, batch, (), [])
    assert loss <= task.output.uniform_loss * task.output.longest_share(task.model)
    assert loss < task.largest_loss


def test_few_examples_are_padded_to_a_long_one(home):
    """A batch of gigabytes, for one text of a megabyte."""
    text = labelled(60) + "sea\t" + "s" * 40_000 + "\n"
    batches = batches_of(prepared(home / "x.tsv", text, split="100/0"), 20)
    many = 0
    for _ in range(batches.per_epoch):
        pieces = batches.next_pieces()
        sizes = [piece.inputs.shape for _, piece in pieces]
        assert sum(count for _, count in sizes) == 20
        assert all(steps * count <= 1 << 17 or count == 1 for steps, count in sizes)
        where = [part.indices(20)[:2] for part, _ in pieces]
        assert [first for first, _ in where] == [0, *(last for _, last in where[:-1])]
        many += len(pieces) > 1
    assert many == 1
