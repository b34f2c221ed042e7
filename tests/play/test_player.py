"""The NumPy player is the network that was trained."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.model import CharRNN
from charrnn.play.player import Player
from charrnn.settings import ModelSettings
from charrnn.text.tokenizers import Characters
from tests.conftest import tale


@pytest.mark.parametrize("tie", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_logits_equal_those_of_torch_over_200_steps_of_text(cell, tie):
    """A fold, a transpose or a scale that is right for one step only."""
    text = tale(200)
    tokenizer = Characters.learn([text])
    settings = ModelSettings(cell=cell, width=48, embedding=48 if tie else 20, tie=tie, layers=3)
    torch.manual_seed(0)
    model = CharRNN(settings, tokenizer.size).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.05)
    ids = tokenizer.encode(text).astype(np.int64)
    with torch.no_grad():
        expected, _ = model(torch.from_numpy(ids)[:, None], model.zero_state(1))
    player = Player(settings, model.export())
    state = player.zero_state()
    for step, token in enumerate(ids):
        logits, state = player.feed(token, state)
        most = max(1.0, float(expected[step].abs().max()))  # some cells grow without bound
        np.testing.assert_allclose(logits, expected[step, 0].numpy(), atol=1e-4 * most, rtol=0)


def test_many_lanes_equal_each_alone():
    """Lanes that leak into one another."""
    settings = ModelSettings(width=8, embedding=4)
    player = Player(settings, CharRNN(settings, 5).export())
    ids = np.array([[0, 4], [3, 3], [1, 2]])
    together = player.zero_state(2)
    alone = [player.zero_state(), player.zero_state()]
    for pair in ids:
        logits, together = player.feed(pair, together)
        for lane in range(2):
            one, alone[lane] = player.feed(pair[lane], alone[lane])
            np.testing.assert_allclose(logits[lane], one, atol=1e-6)
