"""How far back the loss depends on the state."""

from functools import partial

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.module import Module
from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.extras.gradients.gradient_flow import STEPS, gradient_flow, of_untrained, rescale
from charrnn.network.language_model import LanguageModel, embed
from charrnn.settings import ModelSettings


def made(cell, hidden_size=8, layers=1, seed=1):
    torch.manual_seed(seed)
    sizes = {"hidden_size": hidden_size, "layers": layers, "embedding_size": 6}
    settings = ModelSettings(cell=cell, dropout=0.0, **sizes)
    return Module(settings, LanguageModel.parameters(settings, 11), LanguageModel)


def tokens(count, seed=0):
    return np.random.default_rng(seed).integers(0, 11, count).astype(np.uint8)


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_is_what_a_small_push_does(cell):
    """Steps counted from the wrong end, or an array of the state whose gradient is left out."""
    model, ids = made(cell), torch.from_numpy(tokens(9).astype(np.int64))
    (found,) = gradient_flow([lambda: model], tokens(9), lambda _: None)
    assert len(found.norms) == 8
    exact = model.to(torch.float64)
    layer, network = exact.network.layers[0], exact.network
    x = embed(network.settings, network.weights, ids[:-1, None])

    def loss(first, state):
        """Of the last token, from a state after `first` steps on."""
        if first < len(x):
            _, state = layer.run(x[first:], state)
        return torch.nn.functional.cross_entropy(network.logits(state[0]), ids[-1:]).item()

    with torch.no_grad():
        states = [layer.run(x[:n], network.zero_state(1)[0])[1] for n in range(1, 9)]
        sizes = []
        for k in range(6):
            state, pushes = states[7 - k], []
            for part, name in enumerate(CELLS[cell].states):
                for number in range(0 if name == "time" else state[part].shape[1]):
                    ends = []
                    for push in (1e-6, -1e-6):
                        moved = [p.clone() for p in state]
                        moved[part][0, number] += push
                        ends.append(loss(8 - k, tuple(moved)))
                    pushes.append((ends[0] - ends[1]) / 2e-6)
            sizes.append(np.linalg.norm(pushes))
    np.testing.assert_allclose(found.norms[:6], np.array(sizes) / sizes[0], rtol=1e-4, atol=1e-7)


def test_rectifiers_explode_hold_or_vanish_with_their_gain():
    """A gain that does not reach the weights. Expected: sqrt(gain / 2) per step."""
    slopes = []
    for gain in (1.5, 2.0, 3.0):

        def draw(seed, gain=gain):
            model = made("relu", hidden_size=256, seed=seed)
            rescale(model, gain)
            return model

        (found,) = gradient_flow(
            [partial(draw, seed) for seed in range(8)], tokens(300), lambda _: None
        )
        assert found.singular["hidden"] == pytest.approx(
            2 * gain**0.5, rel=0.1
        )  # a square Gaussian's
        slopes.append(found.decades_per_step)
        assert slopes[-1] == pytest.approx(np.log10(gain / 2) / 2, abs=0.025)
    assert slopes == sorted(slopes)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("lstm", CELLS["lstm"].blocks),
        ("relu", ("hidden",)),
        ("full", ("output and hidden",)),
        ("mlstm", CELLS["mlstm"].blocks),
        ("mingru", ()),
    ],
)
def test_singular_values_are_those_of_each_block(cell, names):
    """One value of a whole stacked matrix, or of blocks that cut one matrix in two."""
    model = made(cell)
    (found,) = gradient_flow([lambda: model], tokens(20), lambda _: None)
    assert tuple(found.singular) == names
    if names:
        matrix = model.network.layers[0].weights["weight_hh"].detach().numpy()
        blocks = np.split(matrix, len(names))
        for value, block in zip(found.singular.values(), blocks, strict=True):
            assert value == pytest.approx(np.linalg.svd(block, compute_uv=False)[0])


def test_untrained_networks_are_the_same_ones_each_time():
    """Networks that follow torch's state so far, a gain without effect, or more steps than said."""
    text = "".join("abcdefghijk"[token] for token in tokens(900))
    settings = ModelSettings(cell="relu", hidden_size=16, layers=2)

    def flows(gain):
        return of_untrained([settings], [gain], text, lambda _: None)["relu 2x16"]

    first = flows(None)
    assert [flow.layer for flow in first] == [1, 2]
    assert all(len(flow.norms) == STEPS + 1 and flow.norms[0] == 1 for flow in first)
    assert flows(None) == first
    scaled = flows(1.0)
    assert scaled[0].decades_per_step < first[0].decades_per_step


def test_what_cannot_be_measured_is_explained():
    """An error of torch's, or of NumPy's."""
    with pytest.raises(TextError):
        gradient_flow([lambda: made("lstm")], tokens(2), lambda _: None)
    with pytest.raises(UsageError):
        rescale(made("mingru"), 2.0)
    with pytest.raises(DivergedError):
        model = made("relu", hidden_size=64)
        rescale(model, 1e6)
        gradient_flow([lambda: model], tokens(300), lambda _: None)
    assert len(gradient_flow([lambda: made("lstm", layers=3)], tokens(3), lambda _: None)) == 3
