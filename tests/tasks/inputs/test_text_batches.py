"""How a text is cut into sequences."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.tasks.inputs.text_batches import TextBatches, resolve_batch


@given(
    size=st.integers(2, 400), batch_size=st.integers(1, 20), seq_length=st.integers(1, 20),
    seed=st.integers(0, 9),
)  # fmt: skip
def test_a_step_continues_the_last_and_targets_are_one_ahead(size, batch_size, seq_length, seed):
    """A carried state that belongs to another place of the text; a token predicted by itself."""
    batch_size, seq_length = resolve_batch(size, batch_size, seq_length)
    assert min(batch_size, seq_length) >= 1
    batches = TextBatches(np.arange(size, dtype=np.uint16), size, batch_size, seq_length, seed)
    last = None
    for _ in range(3 * batches.per_epoch):
        batch = batches.next()
        assert batch.inputs.shape == batch.targets.shape == (seq_length, batch_size)
        assert ((batch.inputs + 1) % size == batch.targets).all()
        if batches.step > 1:  # the first of an epoch begins elsewhere
            assert (batch.inputs[0] == last).all()
        last = batch.targets[-1]


def test_an_epoch_reads_nearly_everything_once():
    """Sequences that overlap, or leave whole stretches out."""
    batches = TextBatches(np.arange(1000, dtype=np.uint16), 1000, 7, 10, seed=1)
    steps = batches.per_epoch
    seen = np.concatenate([batches.next().inputs.ravel() for _ in range(steps)])
    assert len(np.unique(seen)) == len(seen) >= 1000 - 7 * (10 + 1) - 7
    first_of_next = batches.next().inputs[0, 0]
    assert batches.epoch == 1
    assert first_of_next != seen[0]


def test_a_position_and_a_part_are_enough_to_continue():
    """A resumed run, or a rank, that reads other text than the run that was not stopped."""
    text = np.arange(500, dtype=np.uint16)
    one = TextBatches(text, 1000, 4, 9, seed=2)
    for _ in range(20):
        one.next()
    other = TextBatches(text, 1000, 4, 9, 2, slice(1, 3), one.epoch, one.step)
    for _ in range(20):
        assert np.array_equal(one.next().inputs[:, 1:3], other.next().inputs)


@pytest.mark.parametrize(
    ("tokens", "asked", "expected"), [(10**6, (128, 32), (128, 32)), (11, (9, 32), (1, 10))]
)
def test_a_short_text_lowers_the_batch_and_then_the_sequence(tokens, asked, expected):
    """The cryptic crash of a text that is shorter than a batch."""
    assert resolve_batch(tokens, *asked) == expected
