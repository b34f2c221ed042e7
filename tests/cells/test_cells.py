"""The contract of a cell, once, over the whole registry."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.model import Layer
from charrnn.engine.scan import hillis_steele, scan

T, B, D, H = 7, 3, 5, 4
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())


def layer_and_input(cell, *, fused, dtype=torch.float64):
    torch.manual_seed(1)
    layer = Layer(cell, D, H, fused=fused).to(dtype)
    with torch.no_grad():
        for p in layer.parameters():
            p.add_(torch.randn_like(p) * 0.2)  # biases too: zeros would hide a missing one
    state = tuple(
        torch.full((B, H), 12.0, dtype=dtype) if name == "time" else torch.randn(B, H, dtype=dtype)
        for name in cell.states
    )
    return layer, torch.randn(T, B, D, dtype=dtype), state


@every_cell
def test_equations_equal_torch_nn(cell):
    """A gate in the wrong order, or a reset gate before the product."""
    fused, x, state = layer_and_input(cell, fused=True)
    loop = Layer(cell, D, H, fused=False).double()
    loop.load_state_dict(fused.state_dict())
    expected, last = fused(x, state)
    found, after = loop(x, state)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(after, last)


@every_cell
def test_numpy_step_equals_torch_step(cell):
    """An equation that means different things in two libraries."""
    layer, x, state = layer_and_input(cell, fused=False)
    weights = dict(layer.named_parameters())
    z = cell.share(weights, x[0])
    expected = cell.step(cell.prepared(weights), z, state)
    arrays = {name: w.detach().numpy() for name, w in weights.items()}
    found = cell.step(cell.prepared(arrays), z.detach().numpy(), tuple(s.numpy() for s in state))
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, e.detach().numpy(), rtol=1e-12, atol=1e-12)


@every_cell
@pytest.mark.parametrize("fused", [True, False])
def test_chunks_with_carried_state_equal_the_whole(cell, fused):
    """State lost, or used twice, between two windows."""
    layer, x, state = layer_and_input(cell, fused=fused)
    whole, last = layer(x, state)
    first, between = layer(x[:3], state)
    second, after = layer(x[3:], between)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    torch.testing.assert_close(after, last)


@every_cell
def test_gradients_are_those_of_finite_differences(cell):
    """An operation that cuts the graph."""
    layer, x, state = layer_and_input(cell, fused=False)
    names = list(dict(layer.named_parameters()))

    def outputs(x, *rest):
        weights = dict(zip(names, rest[: len(names)], strict=True))
        layer_state = rest[len(names) :]
        ready = cell.prepared(weights)
        return cell.step(ready, cell.share(ready, x[0]), layer_state)

    inputs = [x, *dict(layer.named_parameters()).values(), *state]
    inputs = [i.detach().requires_grad_() for i in inputs]
    assert torch.autograd.gradcheck(outputs, inputs)


@every_cell
def test_zero_state_starts_clean(cell):
    """Anything remembered from the text before."""
    layer, x, state = layer_and_input(cell, fused=True)
    zeros = tuple(torch.zeros_like(s) for s in state)
    before, _ = layer(x, zeros)
    layer(torch.randn_like(x), state)
    after, _ = layer(x, zeros)
    assert torch.equal(before, after)


@every_cell
def test_start_is_orthogonal_and_forget_gate_open(cell):
    """Initialisation that falls back to torch's uniform, or a bias on the wrong gate."""
    layer = Layer(cell, D, H)
    weights = dict(layer.named_parameters())
    for block in torch.split(weights.get("weight_hh", torch.eye(0)), H):
        torch.testing.assert_close(block @ block.T, torch.eye(len(block)))
        assert not cell.identity or torch.equal(block, torch.eye(H))
    expected = torch.tensor(cell.bias or (0.0,) * cell.gates).repeat_interleave(H)
    assert torch.equal(weights["bias_ih"], expected)
    assert not weights.get("bias_hh", torch.zeros(1)).any()


def test_state_survives_large_inputs_without_warning():
    """An overflow in a sigmoid written as 1 / (1 + exp(-x)): warnings are errors here."""
    for cell in CELLS.values():
        weights = cell.prepared({n: np.full(s, 1e4) for n, s in cell.shapes(2, 2).items()})
        z = cell.share(weights, np.array([1.0, -2.0]))
        state = cell.step(weights, z, (np.ones(2),) * len(cell.states))
        assert np.isfinite(state[0]).all()


@pytest.mark.parametrize("way", [scan, hillis_steele])
@pytest.mark.parametrize("steps", [1, 2, 3, 8, 13])
def test_a_scan_is_the_loop_and_so_are_its_gradients(way, steps):
    """A step that is left out between two rounds, or a gradient that stops at a window's edge."""
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
