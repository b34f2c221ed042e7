"""The worked examples of the lecture notes that this project grew from."""

import itertools

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.network.layers import loop
from tests.cells.examples import untrained_layer


def relu(x):
    return np.maximum(x, 0)


def test_two_ones_in_a_row():
    """A rectifier, or a recurrent weight, in the wrong place: the weights here are set by hand.

    State (current, previous, 1); the output is 1 exactly when this bit and the last are both one.
    """
    weights = {
        "weight_ih": np.array([[1.0], [0.0], [0.0]]),
        "weight_hh": np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 1]]),
        "bias_ih": np.zeros(3),
        "bias_hh": np.zeros(3),
    }
    cell, out = CELLS["relu"], np.array([1.0, 1.0, -1.0])
    for bits in itertools.product([0.0, 1.0], repeat=8):
        state, answers = (np.array([0.0, 0.0, 1.0]),), []
        for bit in bits:
            state = cell.step(weights, cell.project(weights, np.array([bit])), state)
            answers.append(float(relu(out @ state[0])))
        assert answers == [float(a == b == 1) for a, b in zip((0.0, *bits), bits, strict=False)]


def test_a_memory_under_control():
    """An LSTM whose gates are exchanged: it has to add, keep, forget and show as its inputs say.

    Candidate x1; input gate 100 x2 - 10; forget gate 100 x2 + 10; output gate 100 x3 - 10. The
    lecture's activations are linear: small inputs, and a tolerance, stand in for that.
    """
    i, f, g, o = [0, 100, 0], [0, 100, 0], [1, 0, 0], [0, 0, 100]
    weights = {
        "weight_ih": np.array([i, f, g, o], float),
        "weight_hh": np.zeros((4, 1)),
        "bias_ih": np.array([-10.0, 10.0, 0.0, -10.0]),
        "bias_hh": np.zeros(4),
    }
    cell, state, memory = CELLS["lstm"], (np.zeros(1), np.zeros(1)), 0.0
    orders = [(3, 1, 0), (2, 0, 0), (4, 1, 0), (2, 0, 0), (1, 0, 1), (3, -1, 0), (6, 1, 1)]
    for x1, x2, x3 in orders:
        x = np.array([x1 / 1000, x2, x3])
        state = cell.step(weights, cell.project(weights, x), state)
        memory = {1: memory + x1, 0: memory, -1: 0.0}[x2]
        assert state[1] * 1000 == pytest.approx(memory, abs=0.01)
        assert state[0] * 1000 == pytest.approx(memory * x3, abs=0.01)


@pytest.mark.parametrize("cell", CELLS)
def test_hello_is_learned_to_certainty(cell):
    """A state that does not reach the next step: what follows an l depends on the past."""
    torch.manual_seed(1)
    layer, head = untrained_layer(CELLS[cell], 4, 16), torch.nn.Linear(16, 4)
    ids = torch.tensor(["helo".index(letter) for letter in "hello"])
    x = torch.eye(4)[ids[:-1], None]
    adam = torch.optim.Adam([*layer.weights.values(), *head.parameters()], lr=0.05)
    for _ in range(150):
        zeros = tuple(torch.zeros(1, *shape) for shape in CELLS[cell].state_shapes(16))
        logits = head(layer.run(x, zeros)[0])[:, 0]
        loss = torch.nn.functional.cross_entropy(logits, ids[1:])
        if loss < 0.02:
            break
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss < 0.02
    assert logits.argmax(-1).tolist() == ids[1:].tolist()


@pytest.mark.parametrize(("gain", "grows"), [(1.5, -1), (2.0, 0), (3.0, 1)])
def test_activations_and_gradients_explode_hold_or_vanish(gain, grows):
    """A gradient that shrinks where the state does not: 2 / n holds both (He et al. 2015)."""
    size, steps = 512, 40
    factors = []
    for seed in range(5):
        torch.manual_seed(seed)
        layer = untrained_layer(CELLS["relu"], 1, size)
        with torch.no_grad():
            layer.weights["weight_ih"].zero_()
            layer.weights["weight_hh"].normal_(0, (gain / size) ** 0.5)
        start = torch.randn(1, size).requires_grad_()
        outputs, _ = loop(layer.cell, layer.weights, torch.zeros(steps, 1, 1), (start,))
        (gradient,) = torch.autograd.grad(outputs[-1].sum(), start)
        factors.append([
            float((outputs[-1].norm() / outputs[0].norm()).detach()),
            float(gradient.norm() / size**0.5),
        ])  # fmt: skip
    for found in np.median(np.log(factors), axis=0) / steps:
        assert found == pytest.approx(np.log(gain / 2) / 2, abs=0.05)
        assert grows == 0 or np.sign(found) == grows


def test_a_gate_near_one_carries_the_gradient():
    """A memory whose gradient vanishes although its forget gate is open."""
    steps, gradients = 200, {}
    for name in ("elman", "lstm"):
        torch.manual_seed(0)
        layer = untrained_layer(CELLS[name], 4, 32)
        with torch.no_grad():
            layer.weights["weight_hh"].mul_(0.5)
            if name == "lstm":
                layer.weights["bias_ih"][32:64] = 8.0
        state = tuple(torch.zeros(1, 32).requires_grad_() for _ in CELLS[name].states)
        _, after = loop(layer.cell, layer.weights, torch.randn(steps, 1, 4), state)
        (gradient,) = torch.autograd.grad(after[-1].sum(), state[-1])
        gradients[name] = float(gradient.norm())
    assert gradients["lstm"] > 1
    assert gradients["elman"] < 1e-20
