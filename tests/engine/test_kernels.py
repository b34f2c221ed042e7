"""torch's own functions: kernels and scans instead of loops, and the same numbers."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS, arrays, functions
from charrnn.cells.scanned import ScannedCell
from charrnn.engine.kernels import hillis_steele, scan
from charrnn.network.layers import loop
from tests.cells.examples import untrained_layer

B, H = 3, 4


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_layer_with_a_kernel_does_not_loop(cell, monkeypatch):
    """A kernel or a scan that is not used any more: the same numbers, many times slower."""
    calls = []
    monkeypatch.setattr(cell, "step", lambda _weights, _z, state: (calls.append("step"), state)[1])
    x, zeros = torch.zeros(6, B, 5), tuple(torch.zeros(B, *s) for s in cell.state_shapes(H))
    layer = untrained_layer(cell, 5, H)
    layer.run(x, zeros)
    assert calls == ([] if cell.fused or issubclass(cell, ScannedCell) else ["step"] * 6)
    calls.clear()
    loop(cell, layer.weights, x, zeros)
    assert calls == ["step"] * 6


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
    gradients = torch.autograd.grad((way(keep, add, h) * weight).sum(), (keep, add, h))
    right = torch.autograd.grad((torch.stack(expected) * weight).sum(), (keep, add, h))
    torch.testing.assert_close(gradients, right)


RANDOM = np.random.default_rng(1)
LOGITS = RANDOM.normal(0, 3, (4, 3, 5)).astype(np.float32)
IDS = RANDOM.integers(0, 5, (4, 3))
HOT = (LOGITS > 1).astype(np.float32)
CALLS = {
    "linear": (LOGITS, RANDOM.normal(size=(7, 5)).astype("f"), RANDOM.normal(size=7).astype("f")),
    "rows": (LOGITS[0], IDS % 3),
    "sigmoid": (LOGITS,),
    "softplus": (LOGITS * 30,),
    "rms_norm": (LOGITS, HOT[0, 0] + 2),
    "scan": (HOT * 0.5, LOGITS, LOGITS[0]),
    "softmax": (LOGITS,),
    "log_sum_exp": (LOGITS, 1),
    "cross_entropy": (LOGITS, IDS),
    "mean_cross_entropy": (LOGITS, IDS),
    "binary_cross_entropy": (LOGITS, HOT),
    "convolution": (
        RANDOM.normal(size=(2, 3, 4, 8)).astype("f"), RANDOM.normal(size=(5, 3, 3, 3)).astype("f"),
        RANDOM.normal(size=5).astype("f"), (2, 4),
    ),
}  # fmt: skip


def test_every_function_of_torch_is_compared():
    """A function that torch computes and no test compares; others compare `layer` and CTC."""
    faster = {name for name, value in vars(arrays.Library).items() if value is None}
    assert set(CALLS) | {"layer", "ctc_loss"} == faster >= set(arrays._FASTER[torch.Tensor])


@pytest.mark.parametrize("name", CALLS)
def test_torch_computes_what_numpy_does(name):
    """A kernel that averages where the standard's functions do not; another axis."""
    function = getattr(arrays, name, None) or getattr(functions, name)
    tensors = [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in CALLS[name]]
    expected = function(*CALLS[name])
    np.testing.assert_allclose(function(*tensors).numpy(), expected, rtol=1e-5, atol=1e-5)


def test_losses_by_hand():
    """A loss in bits; a logit taken for a probability."""
    logits, ids = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])), np.array([1, 1])
    np.testing.assert_allclose(arrays.cross_entropy(logits, ids), -np.log([0.25, 0.8]))
    assert arrays.mean_cross_entropy(logits, ids) == pytest.approx(-np.log([0.25, 0.8]).mean())
    even, odds = np.array([0.0, 0.0]), np.log(np.array([3.0, 3.0]))
    hot = np.array([1.0, 0.0])
    np.testing.assert_allclose(arrays.binary_cross_entropy(even, hot), np.log([2, 2]))
    np.testing.assert_allclose(arrays.binary_cross_entropy(odds, hot), -np.log([0.75, 0.25]))
