"""How a text is cut into sequences."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.tasks.text_batches import TextBatches, fit_batch


def state_of(batch_size):
    return ((torch.ones(batch_size, 3), torch.ones(batch_size, 3)), (torch.ones(batch_size, 3),))


@given(
    size=st.integers(2, 400), batch_size=st.integers(1, 20), seq_length=st.integers(1, 20),
    seed=st.integers(0, 9),
)  # fmt: skip
def test_a_step_continues_the_last_and_targets_are_one_ahead(size, batch_size, seq_length, seed):
    """A carried state that belongs to another place of the text; a token predicted by itself."""
    batch_size, seq_length = fit_batch(size, batch_size, seq_length)
    assert min(batch_size, seq_length) >= 1
    batches = TextBatches(np.arange(size, dtype=np.uint16), size, batch_size, seq_length, seed)
    last = None
    for _ in range(3 * batches.per_epoch):
        inputs, targets, ((h, c), (other,)), *_ = batches.next(state_of(batch_size))
        assert inputs.shape == targets.shape == (seq_length, batch_size)
        assert ((inputs + 1) % size == targets).all()
        starts = batches.step == 1
        assert all(bool((part == (not starts)).all()) for part in (h, c, other))
        if not starts:
            assert (inputs[0] == last).all()
        last = targets[-1]


def test_an_epoch_reads_nearly_everything_once():
    """Sequences that overlap, or leave whole stretches out."""
    batches = TextBatches(np.arange(1000, dtype=np.uint16), 1000, 7, 10, seed=1)
    steps = batches.per_epoch
    seen = np.concatenate([batches.next(())[0].numpy().ravel() for _ in range(steps)])
    assert len(np.unique(seen)) == len(seen) >= 1000 - 7 * (10 + 1) - 7
    first_of_next = batches.next(())[0][0, 0]
    assert batches.epoch == 1
    assert first_of_next != seen[0]


def test_a_position_is_enough_to_continue():
    """A resumed run that reads other text than the one that was not stopped."""
    text = np.arange(500, dtype=np.uint16)
    one = TextBatches(text, 1000, 4, 9, seed=2)
    for _ in range(20):
        one.next(())
    other = TextBatches(text, 1000, 4, 9, seed=2, epoch=one.epoch, step=one.step)
    for _ in range(20):
        assert torch.equal(one.next(())[0], other.next(())[0])


def test_a_text_on_the_device_is_cut_like_one_in_memory():
    """Other sequences on a GPU than on a processor."""
    text = np.arange(500, dtype=np.int32)
    one, other = (TextBatches(t, 1000, 4, 9, seed=2) for t in (text, torch.from_numpy(text)))
    for _ in range(30):
        a, b = one.next(()), other.next(())
        assert torch.equal(a[0], b[0])
        assert torch.equal(a[1], b[1])


def test_some_states_are_reset_and_the_others_are_not():
    """A reset of every sequence, of some units only, or of one layer."""
    batches = TextBatches(np.zeros(10_000, np.uint8), 5, 1000, 4, seed=1, state_reset=0.25, step=1)
    torch.manual_seed(0)
    state = batches.next(state_of(1000)).state
    kept = state[0][0][:, 0]
    assert 650 < kept.sum() < 850
    assert all(torch.equal(p, kept[:, None].expand(-1, 3)) for layer in state for p in layer)


@pytest.mark.parametrize(
    ("tokens", "asked", "expected"), [(10**6, (128, 32), (128, 32)), (11, (9, 32), (1, 10))]
)
def test_a_short_text_lowers_the_batch_and_then_the_sequence(tokens, asked, expected):
    """The cryptic crash of a text that is shorter than a batch."""
    assert fit_batch(tokens, *asked) == expected
