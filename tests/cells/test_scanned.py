"""What cells that are computed for all steps at once promise beside every cell's contract."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.cells.xlstm import _CHUNK
from charrnn.engine.module import Module
from charrnn.network.layers import Layer
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.training.muon import make_optimizers
from tests.cells.examples import B, D, random_state, run_kernel, run_steps, untrained_layer

H = 8  # four heads


def drawn_example(name, steps):
    """A layer in float64 as it begins, x (T, B, D), a random state."""
    torch.manual_seed(2)
    cell = CELLS[name]
    layer = untrained_layer(cell, D, H, torch.float64)
    state = tuple(
        array[:, :1].expand(B, *shape).contiguous()
        for array, shape in zip(
            map(random_state, cell.states, cell.state_shapes(H)), cell.state_shapes(H), strict=True
        )
    )
    return layer, torch.randn(steps, B, D, dtype=torch.float64), state


@pytest.mark.parametrize("name", ["rglru", "mamba", "rwkv", "xlstm"])
def test_a_long_sequence_is_its_steps(name):
    """A chunk that forgets the one before it; heads that are mixed up; a sum that drifts."""
    layer, x, state = drawn_example(name, 3 * _CHUNK + 5)
    found, after = run_kernel(layer, x, state)
    expected, last = run_steps(layer, x, state)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    for array, right in zip(after, last, strict=True):
        np.testing.assert_allclose(array, right, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["rwkv", "slstm"])
def test_a_text_begins_without_a_value_of_its_own(name):
    """A state of zeros that counts as a value of weight 1; nan where all keys are very small."""
    cell = CELLS[name]
    layer = untrained_layer(cell, D, H, torch.float64)
    with torch.no_grad():
        layer.weights["bias_ih"] = layer.weights["bias_ih"].clone()
        layer.weights["bias_ih"][:H] = -1000.0  # the key, the input gate
    zeros = tuple(torch.zeros(B, *shape).double() for shape in cell.state_shapes(H))
    x = torch.randn(4, B, D, dtype=torch.float64)
    _, after = run_kernel(layer, x[:1], zeros)
    sums = dict(zip(cell.states, after, strict=True))
    assert (sums["n"] == 1).all()
    mean = sums["a" if name == "rwkv" else "c"] / sums["n"]
    z = cell.project(cell.prepare(layer.weights), x[0]).detach().numpy()
    block = slice(H, 2 * H) if name == "rwkv" else slice(2 * H, 3 * H)
    value = z[:, block] if name == "rwkv" else np.tanh(z[:, block])
    np.testing.assert_allclose(mean, value, rtol=1e-12)
    assert np.isfinite(run_kernel(layer, x, zeros)[0]).all()


def test_the_weights_of_rwkv_are_a_softmax():
    """A decay of the step itself, or a bonus that stays: beside the sum over all values."""
    layer, x, _ = drawn_example("rwkv", 20)
    cell, w = layer.cell, {n: p.detach().numpy() for n, p in layer.weights.items()}
    z = cell.project(cell.prepare(w), x.numpy())
    now, later = np.split(z, 2, axis=-1)
    k, v, _ = np.split(now + np.concatenate([0 * later[:1], later[:-1]]), 3, axis=-1)
    zeros = tuple(np.zeros((B, *shape)) for shape in cell.state_shapes(H))
    state, sums = zeros, []
    for step in z:
        state = cell.step(cell.prepare(w), step, state)
        sums.append(state[1] / state[2])
    for t in range(20):
        age = np.arange(t, -1, -1)[:, None, None]
        weight = np.exp(k[: t + 1] - age * np.exp(w["decay"]))
        np.testing.assert_allclose(sums[t], (weight * v[: t + 1]).sum(0) / weight.sum(0))


@pytest.mark.parametrize("name", ["rglru", "mamba", "rwkv", "slstm", "xlstm"])
def test_no_decay_and_no_muon_for_vectors(name):
    """Weight decay that makes a memory forget, or an orthogonal vector."""
    settings = ModelSettings(cell=name, hidden_size=H)
    module = Module(settings, CELLS[name].parameters(D, H), lambda _, weights: Layer(
        CELLS[name], weights))  # fmt: skip
    muon, adamw = make_optimizers(module, TrainSettings(weight_decay=0.1), torch.float32)
    undecayed = {n for group in adamw.groups if not group.weight_decay for n in group.params}
    assert undecayed == {n for n, p in module.named_parameters() if p.dim() == 1}
    assert all(p.dim() == 2 for group in muon.groups for p in group.params.values())
