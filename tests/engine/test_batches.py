"""How a text is cut into lanes."""

import numpy as np
import torch
from hypothesis import given, strategies as st

from charrnn.engine.batches import Lanes, fitting


@given(
    size=st.integers(2, 400), lanes=st.integers(1, 20), window=st.integers(1, 20),
    seed=st.integers(0, 9),
)  # fmt: skip
def test_windows_go_on_where_the_last_ended_and_targets_are_one_ahead(size, lanes, window, seed):
    """A carried state that belongs to another place of the text; a token predicted by itself."""
    lanes, window = fitting(size, lanes, window)
    assert lanes >= 1
    assert window >= 1
    batches = Lanes(np.arange(size, dtype=np.uint16), size, lanes, window, seed)
    last = None
    for _ in range(3 * batches.steps_an_epoch):
        both, fresh = batches.take()
        ids, targets = both[:-1], both[1:]
        assert ids.shape == targets.shape == (window, lanes)
        assert ((ids + 1) % size == targets).all()
        assert fresh == (batches.step == 1)
        if not fresh:
            assert (ids[0] == last).all()
        last = targets[-1]


def test_an_epoch_reads_nearly_everything_once():
    """Lanes that overlap, or leave whole stretches out."""
    batches = Lanes(np.arange(1000, dtype=np.uint16), 1000, 7, 10, seed=1)
    seen = np.concatenate(
        [batches.take()[0][:-1].numpy().ravel() for _ in range(batches.steps_an_epoch)]
    )
    assert len(np.unique(seen)) == len(seen) >= 1000 - 7 * (10 + 1) - 7
    first_of_next = batches.take()[0][0, 0]
    assert batches.epoch == 1
    assert first_of_next != seen[0]


def test_a_position_is_enough_to_go_on():
    """A resumed run that reads other text than the one that was never stopped."""
    text = np.arange(500, dtype=np.uint16)
    one = Lanes(text, 1000, 4, 9, seed=2)
    for _ in range(20):
        one.take()
    other = Lanes(text, 1000, 4, 9, seed=2, epoch=one.epoch, step=one.step)
    for _ in range(20):
        a, b = one.take(), other.take()
        assert (a[0] == b[0]).all()
        assert a[1] == b[1]


def test_a_text_on_the_device_is_cut_like_one_in_memory():
    """Other windows on a GPU than on a processor."""
    text = np.arange(500, dtype=np.int32)
    one, other = Lanes(text, 1000, 4, 9, seed=2), Lanes(torch.from_numpy(text), 1000, 4, 9, seed=2)
    for _ in range(30):
        a, b = one.take(), other.take()
        assert torch.equal(a[0], b[0])
        assert a[1] == b[1]
