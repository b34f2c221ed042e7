"""The embedding and the output layer, whatever they are called."""

import numpy as np
import pytest
import torch

from charrnn.extras.importing.run import read_foreign
from tests.extras.importing.elsewhere import (
    TEXT,
    Elsewhere,
    expected_of,
    in_order,
    logits_of,
    renamed,
)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("embedding", [0, 5, 6], ids=["one-hot", "embedding", "as wide as a state"])
@pytest.mark.parametrize(
    "names", [("embedding", "rnn", "head"), ("encoder", "gru", "decoder"), ("m.0", "m.1", "m.2.fc")]
)
@pytest.mark.parametrize("bias", [True, False])
def test_names_are_of_no_importance(home, vocabulary, kind, embedding, names, bias):
    """An embedding taken for the output layer, or the reverse, where both have one shape."""
    network = Elsewhere(kind, embedding, num_layers=2)
    if not bias:
        network.head.bias.data.zero_()
    torch.save(renamed(in_order(network, bias), *names), home / "x.pt")
    found = read_foreign(home / "x.pt", vocabulary)
    np.testing.assert_allclose(logits_of(found, TEXT), expected_of(network), atol=1e-5)


def test_an_output_layer_without_a_bias_is_told_by_its_name(home, vocabulary):
    """The embedding for the output layer, where that was made first and both have one shape."""
    network = Elsewhere(embedding=6)
    network.head.bias.data.zero_()
    tensors = in_order(network, bias=False)
    first = {"decoder.weight": tensors.pop("head.weight")}
    torch.save(first | renamed(tensors, "encoder", "rnn", "-"), home / "x.pt")
    said = []
    found = read_foreign(home / "x.pt", vocabulary, emit=lambda event: said.append(event.message))
    np.testing.assert_allclose(logits_of(found, TEXT), expected_of(network), atol=1e-5)
    assert said == ["Embedding: encoder.weight; output layer: decoder.weight."]
