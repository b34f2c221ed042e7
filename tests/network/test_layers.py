"""The recurrent layer: how its weights start, its kernels, and the scan."""

import math

import pytest
import torch

from charrnn.cells import CELLS
from charrnn.cells.base import ScannedCell
from charrnn.network import layer as network_layer
from charrnn.network.layer import Layer
from charrnn.engine.kernels import hillis_steele, scan

B, H = 3, 4
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())


def weights_of(cell, inputs, hidden, *, fused=True):
    torch.manual_seed(2)
    return {n: p.detach() for n, p in Layer(cell, inputs, hidden, fused=fused).named_parameters()}


@every_cell
def test_recurrent_weights_start_orthogonal_or_as_the_identity(cell):
    """A matrix of all gates at once that is orthogonal, where each gate's should be."""
    weights = weights_of(cell, 5, 8)
    for block in weights.get("weight_hh", torch.empty(0, 8)).split(8):
        torch.testing.assert_close(block @ block.T, torch.eye(len(block)))
        assert torch.equal(block, torch.eye(8)) == cell.identity


@every_cell
def test_input_weights_start_as_xaviers_of_each_gate(cell):
    """Weights drawn for a matrix of G*H rows: too small for each gate's H."""
    blocks = weights_of(cell, 48, 64)["weight_ih"].split(64)
    assert len(blocks) == cell.blocks
    bound = math.sqrt(6 / (48 + 64))
    for block in blocks:
        if cell.identity:
            assert block.std() == pytest.approx(0.001, rel=0.1)
        else:
            assert 0.98 * bound < block.abs().max() <= bound
            assert block.std() == pytest.approx(bound / math.sqrt(3), rel=0.1)


@every_cell
def test_biases_start_at_zero_but_for_the_open_forget_gate(cell):
    """A bias on the wrong gate, or torch's uniform numbers left in a bias."""
    weights = weights_of(cell, 5, H)
    expected = torch.tensor(cell.bias or (0.0,) * cell.blocks).repeat_interleave(H)
    assert torch.equal(weights.pop("bias_ih"), expected)
    assert not any(w.any() for w in weights.values() if w.dim() == 1)
    if "forget" in cell.gates and cell.blocks > 2:  # two gates that could be exchanged
        assert 1.0 in cell.bias


@every_cell
def test_a_kernel_does_not_change_how_weights_start(cell):
    """The same seed that gives another network with fused=False."""
    fused, loop = weights_of(cell, 5, H), weights_of(cell, 5, H, fused=False)
    assert {name: w.shape for name, w in fused.items()} == cell.shapes(5, H)
    assert all(torch.equal(fused[name], loop[name]) for name in fused)


@every_cell
def test_a_fused_layer_does_not_loop(cell, monkeypatch):
    """A kernel or a scan that is not used any more: the same numbers, many times slower."""
    steps = []
    monkeypatch.setattr(cell, "step", lambda _weights, _z, state: (steps.append(1), state)[1])
    used = []
    monkeypatch.setattr(network_layer, "scan", lambda *args: (used.append(1), scan(*args))[1])
    zeros = tuple(torch.zeros(B, H) for _ in cell.states)
    for fused in True, False:
        steps.clear()
        used.clear()
        Layer(cell, 5, H, fused=fused)(torch.zeros(6, B, 5), zeros)
        scanned = fused and issubclass(cell, ScannedCell)
        assert len(used) == int(scanned)
        assert len(steps) == (0 if fused and (cell.fused or scanned) else 6)


@pytest.mark.parametrize("way", [scan, hillis_steele])
@pytest.mark.parametrize("steps", [1, 2, 3, 8, 13])
def test_a_scan_is_the_loop_and_so_are_its_gradients(way, steps):
    """A step that is left out between two rounds, or a gradient that stops at the first step."""
    torch.manual_seed(0)
    keep, add = torch.rand(2, steps, B, H, dtype=torch.float64).requires_grad_()
    h = torch.randn(B, H, dtype=torch.float64).requires_grad_()
    state, expected = h, []
    for k, a in zip(keep, add, strict=True):
        state = k * state + a
        expected.append(state)
    torch.testing.assert_close(way(keep, add, h), torch.stack(expected))
    weight = torch.randn(steps, B, H, dtype=torch.float64)
    found = torch.autograd.grad((way(keep, add, h) * weight).sum(), (keep, add, h))
    right = torch.autograd.grad((torch.stack(expected) * weight).sum(), (keep, add, h))
    torch.testing.assert_close(found, right)
