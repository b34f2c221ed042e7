"""A network from inside: what is called a gate, a unit, a surprise is one."""

import math

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.evaluate import evaluate
from charrnn.engine.model import CharRNN
from charrnn.errors import UsageError
from charrnn.play.player import Player
from charrnn.play.reading import reading
from charrnn.play.units import Findings
from charrnn.play.view import SURPRISE, gate, unit
from charrnn.settings import ModelSettings
from charrnn.text.tokenizers import Bytes, Characters
from tests.conftest import tale

TEXT = tale(700)
TOKENIZER = Characters.learn([TEXT])


def made(cell, width=6, layers=2):
    torch.manual_seed(3)
    settings = ModelSettings(cell=cell, width=width, layers=layers, embedding=5, dropout=0.0)
    return CharRNN(settings, TOKENIZER.size)


def read(model, text=TEXT):
    player = Player(model.settings, model.export())
    return list(reading(player, TOKENIZER, TOKENIZER.encode(text)))


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
@pytest.mark.parametrize(("cell", "name"), [(c, n) for c in CELLS for n in CELLS[c].sigmoids if n])
def test_a_gate_is_called_by_its_name(cell, name, pull):
    """Input and forget gates swapped, or another layer's."""
    model = made(cell)
    block = OTHERS.get((cell, name), BLOCKS[name])
    with torch.no_grad():
        model.layers[1].bias_ih[block * 6 : block * 6 + 6] = pull
        if cell == "minlstm":  # whose two gates make one
            model.layers[1].bias_ih[6:12] = -pull
    gates = read(model)[0].gates
    assert len(gates) == 2 * sum(n is not None for n in CELLS[cell].sigmoids)
    for known, values in gates.items():
        assert values.shape == (512, 6)
        held = np.abs(values - (pull > 0)).max() < 1e-3
        assert held == (known == f"2.{name}")


@pytest.mark.parametrize("cell", CELLS)
def test_units_are_the_state(cell):
    """The state before the token, or another layer's."""
    model = made(cell)
    player = Player(model.settings, model.export())
    state = player.zero_state()
    for token in TOKENIZER.encode("\n" + TEXT):
        _, state = player.feed(int(token), state)
    last = read(model)[-1].units
    for number, layer in enumerate(state, start=1):
        for part, values in zip(CELLS[cell].states, layer, strict=True):
            if part != "time":
                np.testing.assert_array_equal(last[f"{number}.{part}"][-1], values)
    assert len(last) == 2 * sum(part != "time" for part in CELLS[cell].states)


def test_a_name_finds_its_unit_and_its_gate():
    """Layers that count from 0 in one place and from 1 in another."""
    model = made("lstm")
    piece = read(model)[0]
    settings = model.settings
    np.testing.assert_array_equal(unit("2.c4", settings).values(piece), piece.units["2.c"][:, 4])
    np.testing.assert_array_equal(unit("1.5", settings).values(piece), piece.units["1.h"][:, 5])
    np.testing.assert_allclose(
        gate("1.forget", settings).values(piece), piece.gates["1.forget"].mean(1)
    )
    for view in (SURPRISE, unit("1.5", settings), gate("1.forget", settings)):
        assert np.abs(view.shades(view.values(piece))).max() <= 1
        assert view.title
    for wrong in ("", "1", "0.1", "3.1", "1.6", "1.x1", "1.c", "1.c-1", "1.²", "1.c1e9", "9" * 99):
        with pytest.raises(UsageError):
            unit(wrong, settings)
    for wrong in ("forget", "1.candidate", "3.forget", "1.None"):
        with pytest.raises(UsageError):
            gate(wrong, settings)


def test_correlations_are_those_of_the_whole_text():
    """Sums that lose a piece, or a property that is one character off."""
    model, text = made("elman"), TEXT.replace("king", 'the "king"')
    tokenizer = Characters.learn([text])
    model = CharRNN(model.settings, tokenizer.size)
    player = Player(model.settings, model.export())
    findings, pieces = Findings(text), []
    for piece in reading(player, tokenizer, tokenizer.encode(text)):
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
    model = CharRNN(ModelSettings(width=4, embedding=4), 256)
    player, findings = Player(model.settings, model.export()), Findings(text)
    ids = Bytes().encode(text)
    pieces = list(reading(player, Bytes(), ids))
    for piece in pieces:
        findings.add(piece)
    assert "".join(pieces[0].text) == text
    assert (findings.tokens, findings.place) == (len(ids), len(text))
