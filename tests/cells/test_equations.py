"""Every cell beside two other authors of its equations: torch.nn, and its paper unit by unit."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from tests.cells.examples import WAYS, B, D, H, arrays_of, example
from tests.cells.later_papers import LATER_PAPERS
from tests.cells.papers import PAPERS

EQUATIONS = PAPERS | LATER_PAPERS
STEPS = 40  # more than the clockwork's longest period
every_cell = pytest.mark.parametrize("name", CELLS)
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)

THEIRS = {
    "lstm": lambda: torch.nn.LSTM(D, H),
    "gru": lambda: torch.nn.GRU(D, H),
    "elman": lambda: torch.nn.RNN(D, H, nonlinearity="tanh"),
    "relu": lambda: torch.nn.RNN(D, H, nonlinearity="relu"),
    "irnn": lambda: torch.nn.RNN(D, H, nonlinearity="relu"),
}


@every_way
@pytest.mark.parametrize("name", THEIRS)
def test_equals_torch_nn_with_the_same_weights(name, way):
    """Gates in another order than torch.nn's, or a reset gate before the product."""
    layer, x, state = example(CELLS[name], steps=300)
    theirs = THEIRS[name]().double()  # with the weights that torch.nn starts with
    layer.weights = {key.removesuffix("_l0"): w for key, w in theirs.state_dict().items()}
    packed = tuple(array[None] for array in state)
    expected, last = theirs(x, packed if len(packed) > 1 else packed[0])
    found, after = way(layer, x, state)
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    last = last if isinstance(last, tuple) else (last,)
    for array, right in zip(after, last, strict=True):
        np.testing.assert_allclose(array, right[0].detach().numpy(), rtol=1e-9, atol=1e-12)


def test_every_cell_with_a_kernel_is_compared_with_torch_nn():
    """A new cell that names a kernel of torch, and is compared with nothing."""
    assert set(THEIRS) == {name for name, cell in CELLS.items() if cell.fused}


@every_way
@every_cell
def test_equals_the_papers_equations(name, way):
    """A bias that is left out, gates that are exchanged, a unit that sees another's state."""
    layer, x, state = example(CELLS[name], STEPS)
    found, after = way(layer, x, state)
    weights = {key: array.tolist() for key, array in arrays_of(layer).items()}
    for sequence in range(B):
        expected, outputs = tuple(array[sequence].tolist() for array in state), []
        for step in range(STEPS):
            expected, _ = EQUATIONS[name](weights, x[step, sequence].tolist(), expected)
            outputs.append(expected[0])
        np.testing.assert_allclose(found[:, sequence], outputs, rtol=1e-8, atol=1e-11)
        for array, right in zip(after, expected, strict=True):
            np.testing.assert_allclose(array[sequence], right, rtol=1e-8, atol=1e-11)


@every_cell
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_gates_are_the_papers_gates(name, library):
    """A gate under another one's name, or before its sigmoid; a state unlike `step`'s."""
    cell = CELLS[name]
    layer, x, state = example(cell, steps=1)
    lists = {key: array.tolist() for key, array in arrays_of(layer).items()}
    weights, x = layer.weights, x[0]
    if library == "numpy":
        weights, x, state = arrays_of(layer), x.numpy(), tuple(array.numpy() for array in state)
    ready = cell.prepare(weights)
    after, gates = cell.step_with_gates(ready, cell.project(ready, x), state)
    alone = cell.step(ready, cell.project(ready, x), state)
    assert tuple(gates) == cell.gates
    for array, right in zip(after, alone, strict=True):
        assert (array == right).all()
    for b in range(B):
        _, expected = EQUATIONS[name](lists, x[b].tolist(), tuple(a[b].tolist() for a in state))
        for gate in cell.gates:
            assert gates[gate].shape == (B, H)
            np.testing.assert_allclose(gates[gate][b].tolist(), expected[gate], rtol=1e-9)
