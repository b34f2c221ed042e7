"""Units that follow a property of a text."""

import numpy as np
import pytest

from charrnn.extras.probing.findings import Findings
from charrnn.inference.activations import read_text
from charrnn.network.language_model import LanguageModel
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import Bytes, Characters
from tests.conftest import tale
from tests.random_models import random_checkpoint


def network_of(tokenizer, **settings):
    checkpoint = random_checkpoint(tokenizer, **settings)
    return LanguageModel(checkpoint.model, checkpoint.weights)


def test_correlations_are_those_of_the_whole_text():
    """Sums that lose a piece, or a property that is one character off."""
    text = tale(700).replace("king", 'the "king"')
    tokenizer = Characters.learn([text], TextSettings())
    network = network_of(tokenizer, cell="elman", layers=2, hidden_size=6)
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
    text = "naïve café\n"
    network, findings = network_of(Bytes(), hidden_size=4), Findings(text)
    ids = Bytes().encode(text)
    pieces = list(read_text(network, Bytes(), ids))
    for piece in pieces:
        findings.add(piece)
    assert "".join(pieces[0].text) == text
    assert (findings.tokens, findings.characters) == (len(ids), len(text))
