"""The network around the cells."""

import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.device import autocast
from charrnn.engine.model import CharRNN, detached
from charrnn.settings import ModelSettings


def test_dropout_is_the_same_at_every_step_of_a_window():
    """Ordinary dropout, which wears the state down step by step."""
    model = CharRNN(ModelSettings(dropout=0.5, width=64, layers=1), 5)
    (mask,) = model.dropout(lanes=3)
    assert mask.shape == (1, 3, 64)
    assert set(mask.unique().tolist()) == {0.0, 2.0}
    ids = torch.randint(5, (6, 3))
    with torch.no_grad():
        whole, _ = model(ids, model.zero_state(3))
        dropped, _ = model(ids, model.zero_state(3), [mask * 0])
    torch.testing.assert_close(dropped, model.head_bias.expand_as(dropped))
    assert not torch.equal(whole, dropped)


@pytest.mark.parametrize("cell", CELLS)
def test_bf16_is_bf16_and_close_to_fp32(cell):
    """A kernel that quietly takes another type than the one that is shown."""
    torch.manual_seed(0)
    model = CharRNN(ModelSettings(cell=cell, width=16, dropout=0.0), 9)
    ids = torch.randint(9, (12, 4))
    expected, _ = model(ids, model.zero_state(4))
    with autocast(torch.device("cpu"), enabled=True):
        found, state = model(ids, model.zero_state(4))
        again, _ = model(ids, detached(state))
    types = {part.dtype for layer in state for part in layer}
    fed_back = cell in ("jordan", "full")  # whose state is a product's result
    assert types == ({torch.bfloat16} if CELLS[cell].fused or fed_back else {torch.float32})
    most = max(1.0, float(expected.detach().abs().max()))  # some cells grow without bound
    torch.testing.assert_close(found.float(), expected, atol=0.05 * most, rtol=0.05)
    assert again.isfinite().all()
    found.float().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_tied_weights_are_one_tensor():
    """An output layer that drifts away from the embedding it should be."""
    model = CharRNN(ModelSettings(width=8, embedding=8, tie=True), 5)
    assert "head" not in model.export()
    logits, _ = model(torch.zeros(1, 1, dtype=torch.long), model.zero_state(1))
    logits.sum().backward()
    assert model.embedding.weight.grad[1:].abs().sum() > 0


def test_some_lanes_forget_and_the_others_do_not():
    """A reset of all lanes, of some units only, or of one layer."""
    model = CharRNN(ModelSettings(width=8), 5)
    ones = tuple(tuple(part + 1 for part in layer) for layer in model.zero_state(1000))
    found = model.reset(ones, 0.25)
    kept = found[0][0][:, 0]
    assert 650 < kept.sum() < 850
    assert all(torch.equal(part, kept[:, None].expand(-1, 8)) for layer in found for part in layer)
    assert model.reset(ones, 0.0) is ones
