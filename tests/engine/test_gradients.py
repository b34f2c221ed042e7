"""How far back the loss depends on the state."""

from functools import partial

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.gradients import reach, scale
from charrnn.engine.model import CharRNN
from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.settings import ModelSettings


def made(cell, width=8, layers=1, seed=1):
    torch.manual_seed(seed)
    settings = ModelSettings(cell=cell, width=width, layers=layers, embedding=6, dropout=0.0)
    return CharRNN(settings, 11, fused=False)


def tokens(count, seed=0):
    return np.random.default_rng(seed).integers(0, 11, count).astype(np.uint8)


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_is_what_a_small_push_does(cell):
    """Steps counted from the wrong end, or a state that the gradient goes around."""
    model, ids = made(cell), torch.from_numpy(tokens(9).astype(np.int64))
    (found,) = reach([lambda: model], tokens(9), lambda _: None)
    assert len(found.norms) == 8
    layer, x = model.layers[0], model.embedding(ids[:-1, None])

    def loss(first, state):
        """Of the last token, from a state after `first` steps on."""
        if first < len(x):
            _, state = layer(x[first:], state)
        return torch.nn.functional.cross_entropy(model.logits(state[0]), ids[-1:]).item()

    with torch.no_grad():
        states = [layer(x[:n], model.zero_state(1)[0])[1] for n in range(1, 9)]
        sizes = []
        for k in range(6):
            state, pushes = states[7 - k], []
            for part, name in enumerate(CELLS[cell].states):
                for number in range(0 if name == "time" else 8):
                    ends = []
                    for push in (1e-6, -1e-6):
                        moved = [p.clone() for p in state]
                        moved[part][0, number] += push
                        ends.append(loss(8 - k, tuple(moved)))
                    pushes.append((ends[0] - ends[1]) / 2e-6)
            sizes.append(np.linalg.norm(pushes))
    np.testing.assert_allclose(found.norms[:6], np.array(sizes) / sizes[0], rtol=1e-4, atol=1e-7)


def test_rectifiers_explode_hold_or_vanish_with_their_gain():
    """A gain that does not reach the weights. Expected: sqrt(gain / 2) a step."""
    paces = []
    for gain in (1.5, 2.0, 3.0):

        def draw(seed, gain=gain):
            model = made("relu", width=256, seed=seed)
            scale(model, gain)
            return model

        (found,) = reach([partial(draw, seed) for seed in range(8)], tokens(300), lambda _: None)
        assert found.singular[0] == pytest.approx(2 * gain**0.5, rel=0.1)  # a square Gaussian's
        paces.append(found.decades_per_step)
        assert paces[-1] == pytest.approx(np.log10(gain / 2) / 2, abs=0.025)
    assert paces == sorted(paces)


def test_what_cannot_be_looked_at():
    """An error of torch's, or of NumPy's."""
    with pytest.raises(TextError):
        reach([lambda: made("lstm")], tokens(2), lambda _: None)
    with pytest.raises(UsageError):
        scale(made("mingru"), 2.0)
    with pytest.raises(DivergedError):
        model = made("relu", width=64)
        scale(model, 1e9)
        reach([lambda: model], tokens(300), lambda _: None)
    assert len(reach([lambda: made("lstm", layers=3)], tokens(3), lambda _: None)) == 3
