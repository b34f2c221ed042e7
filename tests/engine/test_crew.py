"""Threads that share the lanes."""

import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.crew import Crew
from charrnn.engine.model import CharRNN
from charrnn.settings import ModelSettings

CPU = torch.device("cpu")
LANES = 97


@pytest.fixture
def crew():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield Crew(CPU, LANES, width=8)
    torch.set_num_threads(before)


@pytest.mark.parametrize("cell", CELLS)
def test_many_threads_find_the_gradient_of_one(crew, cell):
    """Shares of unequal size that weigh the same; lanes left out or in another order."""
    assert crew.size == 3
    assert [lane for share in crew.shares for lane in range(LANES)[share]] == list(range(LANES))
    torch.manual_seed(0)
    model = CharRNN(ModelSettings(cell=cell, width=8, embedding=4, dropout=0.3), 9)
    ids, state = torch.randint(9, (12, LANES)), model.zero_state(LANES)
    torch.manual_seed(1)
    loss, gradients, after = crew.gradients(model, ids, state, bf16=False)
    torch.manual_seed(1)
    one = Crew(CPU, 1, width=8)
    one.shares = [slice(0, LANES)]
    expected, expected_gradients, expected_after = one.gradients(model, ids, state, bf16=False)
    torch.testing.assert_close(loss, expected)
    for a, b in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(a, b)
    torch.testing.assert_close(after, expected_after)


def test_the_same_work_gives_the_same_bits(crew):
    """Chance, or a sum, that depends on which thread comes first."""
    model = CharRNN(ModelSettings(width=8, embedding=4, dropout=0.3), 9)
    ids = torch.randint(9, (12, LANES))
    found = []
    for _ in range(5):
        torch.manual_seed(1)
        loss, gradients, _ = crew.gradients(model, ids, model.zero_state(LANES), bf16=False)
        found.append([loss, *gradients])
    assert all(torch.equal(a, b) for other in found for a, b in zip(found[0], other, strict=True))


def test_an_error_in_a_thread_is_an_error(crew):
    """A failure that nobody hears of."""
    with pytest.raises(ZeroDivisionError):
        crew.map(lambda share: 1 // share.start)
