"""Every cell without a kernel in torch, beside its paper's equations, unit by unit."""

import math

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.model import Layer

D, H, STEPS = 3, 4, 9


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def row(matrix, number, vector):
    """One unit's sum: what numbers in a line of a paper mean."""
    return sum(w * v for w, v in zip(matrix[number], vector, strict=True))


def both(w, unit, x, h):
    """W x + U h + b of one row."""
    total = row(w["weight_ih"], unit, x) + w["bias_ih"][unit]
    return total + row(w["weight_hh"], unit, h) + w["bias_hh"][unit]


def irnn(w, x, h):
    new = [max(0.0, both(w, k, x, h)) for k in range(H)]
    return new, new


def jordan(w, x, y):
    h = [math.tanh(both(w, k, x, y)) for k in range(H)]
    y = [math.tanh(row(w["weight_ho"], k, h) + w["bias_ho"][k]) for k in range(H)]
    return y, y


def full(w, x, units):
    units = units or [0.0] * (2 * H)
    new = [math.tanh(both(w, k, x, units)) for k in range(2 * H)]
    return new[:H], new


def peephole(w, x, state):
    h, c = state or ([0.0] * H, [0.0] * H)
    p, new = w["peephole"], []
    for k in range(H):
        i = sigmoid(both(w, k, x, h) + p[k] * c[k])
        f = sigmoid(both(w, H + k, x, h) + p[H + k] * c[k])
        g = math.tanh(both(w, 2 * H + k, x, h))
        memory = f * c[k] + i * g
        o = sigmoid(both(w, 3 * H + k, x, h) + p[2 * H + k] * memory)
        new.append((o * math.tanh(memory), memory))
    h, c = map(list, zip(*new, strict=True))
    return h, (h, c)


def clockwork(w, x, state):
    h, time = state or ([0.0] * H, 0)
    module = [unit * 6 // H for unit in range(H)]
    new = []
    for k in range(H):
        heard = [h[j] if module[j] >= module[k] else 0.0 for j in range(H)]
        new.append(math.tanh(both(w, k, x, heard)) if time % 2 ** module[k] == 0 else h[k])
    return new, (new, time + 1)


def scrn(w, x, state):
    quick = H - H // 4
    h, s = state or ([0.0] * quick, [0.0] * (H - quick))
    inputs = [row(w["weight_ih"], k, x) + w["bias_ih"][k] for k in range(H)]
    s = [0.05 * new + 0.95 * old for new, old in zip(inputs[quick:], s, strict=True)]
    h = [
        sigmoid(inputs[k] + row(w["weight_hh"], k, [*h, *s]) + w["bias_hh"][k])
        for k in range(quick)
    ]
    return [*h, *s], (h, s)


def mgu(w, x, h):
    f = [sigmoid(both(w, k, x, h)) for k in range(H)]
    reset = [a * b for a, b in zip(f, h, strict=True)]
    n = [math.tanh(both(w, H + k, x, reset)) for k in range(H)]
    new = [(1 - f[k]) * h[k] + f[k] * n[k] for k in range(H)]
    return new, new


def positive(x):
    return x + 0.5 if x >= 0 else sigmoid(x)


def given(w, unit, x):
    return row(w["weight_ih"], unit, x) + w["bias_ih"][unit]


def mingru(w, x, h):
    new = []
    for k in range(H):
        u = sigmoid(given(w, k, x))
        new.append((1 - u) * h[k] + u * positive(given(w, H + k, x)))
    return new, new


def minlstm(w, x, h):
    new = []
    for k in range(H):
        f, i = sigmoid(given(w, k, x)), sigmoid(given(w, H + k, x))
        new.append((f * h[k] + i * positive(given(w, 2 * H + k, x))) / (f + i))
    return new, new


def lstm(w, x, h, c):
    new = []
    for k in range(H):
        i, f, o = (sigmoid(both(w, gate * H + k, x, h)) for gate in (0, 1, 3))
        memory = f * c[k] + i * math.tanh(both(w, 2 * H + k, x, h))
        new.append((o * math.tanh(memory), memory))
    h, c = map(list, zip(*new, strict=True))
    return h, (h, c)


def mlstm(w, x, state):
    h, c = state or ([0.0] * H, [0.0] * H)
    m = [
        given(w, 4 * H + k, x) * (row(w["weight_hh"], 4 * H + k, h) + w["bias_hh"][4 * H + k])
        for k in range(H)
    ]
    return lstm(w, x, m, c)


def mogrifier(w, x, state):
    h, c = state or ([0.0] * H, [0.0] * H)
    q = [w[f"weight_{number}"] for number in (0, 2, 4)]
    r = [w[f"weight_{number}"] for number in (1, 3)]
    for n in range(5):
        if n % 2 == 0:
            x = [2 * sigmoid(row(q[n // 2], k, h)) * x[k] for k in range(D)]
        else:
            h = [2 * sigmoid(row(r[n // 2], k, x)) * h[k] for k in range(H)]
    return lstm(w, x, h, c)


PAPERS = [irnn, jordan, full, peephole, clockwork, scrn, mgu, mingru, minlstm, mlstm, mogrifier]
NO_STATE = {full, peephole, clockwork, scrn, mlstm, mogrifier}  # they begin from None


def test_every_cell_is_compared_with_something():
    """A cell that joins without its equations."""
    apart = {paper.__name__ for paper in PAPERS}
    assert apart | {name for name, cell in CELLS.items() if cell.fused} == set(CELLS)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.__name__)
def test_a_layer_is_its_papers_equations(paper):
    """A gate in the wrong place, a bias that is left out, a module that hears too much."""
    torch.manual_seed(3)
    cell = CELLS[paper.__name__]
    layer = Layer(cell, D, H).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.add_(torch.randn_like(p) * 0.3)
    x = torch.randn(STEPS, 1, D, dtype=torch.float64)
    zeros = tuple(torch.zeros(1, H, dtype=torch.float64) for _ in cell.states)
    found, _ = layer(x, zeros)
    weights = {name: p.detach().numpy().tolist() for name, p in layer.named_parameters()}
    state = None if paper in NO_STATE else [0.0] * H
    for step in range(STEPS):
        output, state = paper(weights, x[step, 0].tolist(), state)
        np.testing.assert_allclose(found[step, 0].detach().numpy(), output, rtol=1e-9, atol=1e-12)
