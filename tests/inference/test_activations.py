"""A network from inside: what is called a gate, a unit, a surprise is one."""

import math

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.evaluation.loss import evaluate
from charrnn.inference.activations import read_text
from charrnn.network.language_model import LanguageModel
from charrnn.inference.probes import Findings
from charrnn.network.model import CharRNN
from charrnn.settings import ModelSettings, TextSettings
from charrnn.text.tokenizers import Bytes, Characters
from tests.conftest import tale

TEXT = tale(700)
TOKENIZER = Characters.learn([TEXT], TextSettings())


def made(cell, hidden_size=6, layers=2):
    torch.manual_seed(3)
    settings = ModelSettings(cell, layers=layers, hidden_size=hidden_size, embedding_size=5)
    return CharRNN(settings, TOKENIZER.size)


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
OTHERS = {("mgu", "forget"): 0, ("mingru", "update"): 0, ("minlstm", "forget"): 0}


@pytest.mark.parametrize("pull", [-30.0, 30.0])
@pytest.mark.parametrize(("cell", "name"), [(c, n) for c in CELLS for n in CELLS[c].gates])
def test_a_gate_is_called_by_its_name(cell, name, pull):
    """Input and forget gates swapped, or another layer's."""
    model = made(cell)
    block = OTHERS.get((cell, name), BLOCKS[name])
    with torch.no_grad():
        bias = model.get_parameter("layers.1.bias_ih")
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
        for part, values in zip(CELLS[cell].states, layer, strict=True):
            if part != "time":
                scale = max(1.0, float(np.abs(values).max()))
                np.testing.assert_allclose(
                    last[f"{number}.{part}"][-1], values, atol=1e-4 * scale, rtol=0
                )
    assert len(last) == 2 * sum(part != "time" for part in CELLS[cell].states)


def test_correlations_are_those_of_the_whole_text():
    """Sums that lose a piece, or a property that is one character off."""
    model, text = made("elman"), TEXT.replace("king", 'the "king"')
    tokenizer = Characters.learn([text], TextSettings())
    model = CharRNN(model.settings, tokenizer.size)
    network = LanguageModel(model.settings, model.export())
    findings, pieces = Findings(text), []
    for piece in read_text(network, tokenizer, tokenizer.encode(text)):
        findings.add(piece)
        pieces.append(piece.units["1.h"])
    units = np.concatenate(pieces)
    found = {(f.follows, f.name): f.correlation for f in findings.following(best=99)}
    for name, values in findings.properties.items():
        for number in range(6):
            right = np.corrcoef(values, units[:, number])[0, 1]
            assert found[name, f"1.h{number}"] == pytest.approx(right, abs=1e-4)
    assert "inside quotes" in findings.properties
    first = findings.following()[0]
    assert abs(first.correlation) == max(abs(r) for r in found.values())


def test_tokens_that_are_parts_of_characters_are_read_too():
    """Properties that run ahead of the bytes."""
    torch.manual_seed(1)
    text = "naïve café\n"
    model = CharRNN(ModelSettings(hidden_size=4, embedding_size=4), 256)
    network, findings = LanguageModel(model.settings, model.export()), Findings(text)
    ids = Bytes().encode(text)
    pieces = list(read_text(network, Bytes(), ids))
    for piece in pieces:
        findings.add(piece)
    assert "".join(pieces[0].text) == text
    assert (findings.tokens, findings.place) == (len(ids), len(text))
