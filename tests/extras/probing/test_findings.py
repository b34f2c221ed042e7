"""Units that follow a property of a text."""

import numpy as np
import pytest
import torch

from charrnn.extras.probing.findings import Findings
from charrnn.inference.activations import read_text
from charrnn.inference.network import Network
from charrnn.network.model import CharRNN
from charrnn.settings import ModelSettings, TextSettings
from charrnn.text.tokenizers import Bytes, Characters
from tests.conftest import tale


def test_correlations_are_those_of_the_whole_text():
    """Sums that lose a piece, or a property that is one character off."""
    torch.manual_seed(3)
    text = tale(700).replace("king", 'the "king"')
    tokenizer = Characters.learn([text], TextSettings())
    settings = ModelSettings("elman", layers=2, hidden_size=6, embedding_size=5)
    model = CharRNN(settings, tokenizer.size)
    network = Network(model.settings, model.export())
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
    network, findings = Network(model.settings, model.export()), Findings(text)
    ids = Bytes().encode(text)
    pieces = list(read_text(network, Bytes(), ids))
    for piece in pieces:
        findings.add(piece)
    assert "".join(pieces[0].text) == text
    assert (findings.tokens, findings.characters) == (len(ids), len(text))
