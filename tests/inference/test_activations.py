"""A network from inside: what is called a gate, a unit, a surprise is one."""

import math

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.evaluation.loss import evaluate
from charrnn.inference.activations import read_text
from charrnn.network.language_model import LanguageModel
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import Characters
from tests.conftest import tale
from tests.random_models import untrained_module

TEXT = tale(700)
TOKENIZER = Characters.learn([TEXT], TextSettings())


def made(cell, hidden_size=6, layers=2):
    sizes = {"layers": layers, "hidden_size": hidden_size, "embedding_size": 5}
    return untrained_module(TOKENIZER.size, seed=3, cell=cell, **sizes)


def read(model, text=TEXT, **options):
    network = LanguageModel(model.settings, model.export())
    return list(read_text(network, TOKENIZER, TOKENIZER.encode(text), **options))


def test_surprise_is_what_eval_scores():
    """Bits of the token before, or of the one after."""
    model = made("gru")
    bits = np.concatenate([piece.bits for piece in read(model)])
    score = evaluate(model, TOKENIZER.encode("\n" + TEXT), TOKENIZER)
    assert len(bits) == len(TEXT)
    assert bits.mean() * math.log(2) == pytest.approx(score.loss, abs=1e-5)


BLOCKS = {"input": 0, "forget": 1, "output": 3, "reset": 0, "update": 1}
OTHERS = {
    ("mgu", "forget"): 0, ("mingru", "update"): 0, ("minlstm", "forget"): 0,
    ("rglru", "recurrence"): 0, ("rglru", "input"): 1, ("rwkv", "receptance"): 2,
}  # fmt: skip


@pytest.mark.parametrize("pull", [-30.0, 30.0])
@pytest.mark.parametrize(("cell", "name"), [(c, n) for c in CELLS for n in CELLS[c].gates])
def test_a_gate_is_called_by_its_name(cell, name, pull):
    """Input and forget gates swapped, or another layer's."""
    model = made(cell)
    block = OTHERS[cell, name] if (cell, name) in OTHERS else BLOCKS[name]
    with torch.no_grad():
        bias = model.weights[f"layers.1.bias_{'gates' if cell == 'rglru' else 'ih'}"]
        bias[block * 6 : block * 6 + 6] = pull
        if cell == "minlstm":  # whose two gates make one
            bias[6:12] = -pull
    gates = read(model)[0].gates
    assert len(gates) == 2 * len(CELLS[cell].gates)
    for known, values in gates.items():
        assert values.shape == (512, 6)
        held = np.abs(values - (pull > 0)).max() < 1e-3
        assert held == (known == f"2.{name}")


@pytest.mark.parametrize("cell", CELLS)
def test_units_are_the_state(cell):
    """The state before the token, or another layer's."""
    model = made(cell)
    network = LanguageModel(model.settings, model.export())
    state = network.zero_state()
    for token in TOKENIZER.encode("\n" + TEXT):
        _, state = network.step(int(token), state)
    last = read(model, gates=False)[-1].units
    for number, layer in enumerate(state, start=1):
        for part, place in CELLS[cell].units(6).items():
            scale = max(1.0, float(np.abs(layer[place]).max()))
            np.testing.assert_allclose(
                last[f"{number}.{part}"][-1], layer[place], atol=1e-4 * scale, rtol=0
            )
    assert len(last) == 2 * len(CELLS[cell].units(6))
    assert all(values.shape[1:] == (6,) for values in last.values())
