"""What every cell promises, once, over the whole registry."""

from functools import partial
from typing import get_args

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.cells.arrays import sigmoid
from charrnn.network.layers import Layer, loop
from charrnn.settings import CellName
from tests.cells.examples import WAYS, B, D, H, arrays_of, example, run_numpy

every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())


def test_every_name_is_a_cell():
    """A word that `--cell` takes and no class stands for, or a cell that no word chooses."""
    assert list(CELLS) == list(get_args(CellName))


@every_cell
def test_declarations_agree_with_the_shapes(cell):
    """A count of blocks or of initial biases that belongs to another version of the cell."""
    shapes = {name: parameter.shape for name, parameter in cell.parameters(D, H).items()}
    assert shapes["weight_ih"] == (len(cell.blocks) * H, D)
    assert shapes["bias_ih"] == (len(cell.blocks) * H,)
    assert len(cell.bias) in {0, len(cell.blocks)}
    assert cell.units(H)[cell.states[0]] == 0
    order = [name for name in cell.blocks if name in cell.gates]
    assert order == [name for name in cell.gates if name in cell.blocks]
    assert cell.alignment >= 1


@every_cell
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_chunks_with_carried_state_equal_the_whole(cell, way):
    """State that is lost, or used twice, between two sequences."""
    layer, x, state = example(cell, steps=40)
    whole, last = way(layer, x, state)
    first, between = way(layer, x[:13], state)
    second, after = way(layer, x[13:], tuple(map(torch.from_numpy, between)))
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-12, atol=1e-12)
    for found, expected in zip(after, last, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@every_cell
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_zero_state_starts_clean(cell, way):
    """Something remembered from the text before, or a caller's state that is written to."""
    layer, x, state = example(cell, steps=9)
    zeros = tuple(torch.zeros_like(array) for array in state)
    copies = tuple(array.clone() for array in state)
    before, _ = way(layer, x, zeros)
    way(layer, x.flip(0), state)
    after, _ = way(layer, x, zeros)
    np.testing.assert_array_equal(before, after)
    assert not any(array.any() for array in zeros)
    assert all(torch.equal(a, b) for a, b in zip(state, copies, strict=True))


@every_cell
@pytest.mark.parametrize("kernel", [True, False])
def test_gradients_are_those_of_finite_differences(cell, kernel):
    """An operation that cuts the graph, or a kernel's gradient that reaches only some weights."""
    layer, x, state = example(cell, steps=3)
    names = [*layer.weights]

    def outputs(x, *rest):
        weights = dict(zip(names, rest, strict=False))
        arrays = iter(rest[len(names) :])
        start = tuple(
            s if n == "time" else next(arrays) for n, s in zip(cell.states, state, strict=True)
        )
        run = Layer(cell, weights).run if kernel else partial(loop, cell, weights)
        y, after = run(x, start)
        return y, *(a for n, a in zip(cell.states, after, strict=True) if n != "time")

    learned = [s for n, s in zip(cell.states, state, strict=True) if n != "time"]
    inputs = [i.detach().clone().requires_grad_() for i in (x, *layer.weights.values(), *learned)]
    assert torch.autograd.gradcheck(outputs, inputs, fast_mode=True)


@every_cell
def test_a_cells_clock_is_back_where_it_was_after_its_alignment(cell):
    """Evaluation that starts a sequence where the stream's clock has another time."""
    layer, x, state = example(cell, steps=cell.alignment)
    start = tuple(torch.zeros_like(array) for array in state)
    assert (cell.alignment > 1) == ("time" in cell.states)
    _, after = run_numpy(layer, x, start)
    assert not any(array.any() for n, array in zip(cell.states, after, strict=True) if n == "time")


def test_a_clockwork_network_cannot_start_anywhere():
    """An alignment of 1, or of a shorter period than the slowest module's."""
    cell = CELLS["clockwork"]
    layer, x, state = example(cell, steps=cell.alignment)
    h = state[0]
    clean, _ = run_numpy(layer, x, (h, torch.zeros_like(h)))
    for time, same in (cell.alignment, True), (cell.alignment // 2, False), (1, False):
        found, _ = run_numpy(layer, x, (h, torch.full_like(h, time)))
        assert np.array_equal(found, clean) == same


@every_cell
def test_any_batch_is_a_batch_of_single_sequences(cell):
    """A step that mixes sequences, or takes only states of two dimensions."""
    layer, x, state = example(cell, steps=1)
    weights = cell.prepare(arrays_of(layer))
    x, state = x[0].numpy(), tuple(array.numpy() for array in state)
    together = cell.step(weights, cell.project(weights, x), state)
    stacked = cell.step(
        weights, cell.project(weights, x[None]), tuple(array[None] for array in state)
    )
    for b in range(B):
        alone = cell.step(weights, cell.project(weights, x[b]), tuple(a[b] for a in state))
        for one, many, deep in zip(alone, together, stacked, strict=True):
            np.testing.assert_allclose(many[b], one, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(deep[0, b], one, rtol=1e-12, atol=1e-12)


@every_cell
def test_a_state_survives_large_inputs_without_a_warning(cell):
    """An overflow in a sigmoid written as 1 / (1 + exp(-x)): warnings are errors here."""
    for sign in (1, -1):
        weights = cell.prepare(
            {
                name: np.array(parameter.initial.values)
                if parameter.initial.kind == "values"
                else np.full(parameter.shape, sign * 1e4)
                for name, parameter in cell.parameters(2, 2).items()
            }
        )
        z = cell.project(weights, np.array([1.0, 2.0]))
        state = cell.step(weights, z, tuple(map(np.ones, cell.state_shapes(2))))
        assert all(np.isfinite(array).all() for array in state)


def test_the_sigmoid_is_the_sigmoid():
    """A tanh that is shifted or scaled otherwise, or an overflow."""
    x = np.array([-1000.0, -2.0, 0.0, 1.0, 1000.0])
    expected = [0.0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.exp(-1)), 1.0]
    np.testing.assert_allclose(sigmoid(x), expected, atol=1e-15)
    np.testing.assert_allclose(sigmoid(torch.from_numpy(x)).numpy(), expected, atol=1e-15)
