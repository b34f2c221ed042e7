"""The NumPy network is the network that was trained."""

import numpy as np
import pytest
import torch
from charrnn.network.model import CharRNN

from charrnn.cells import CELLS
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TextSettings
from charrnn.text.tokenizers import Characters
from tests.conftest import tale

INPUTS = {
    "embedding": {"embedding_size": 20},
    "tied": {"embedding_size": 48, "tie_weights": True},
    "one-hot": {"one_hot": True},
}


def random_network(cell="lstm", vocabulary_size=5, **settings):
    """A torch network with random weights in all its parameters, and the same in NumPy."""
    model_settings = ModelSettings(cell=cell, **settings)
    torch.manual_seed(0)
    model = CharRNN(model_settings, vocabulary_size).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model, LanguageModel(model_settings, model.export())


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_logits_equal_those_of_torch_over_200_steps_of_text(cell, inputs):
    """A folded embedding, a transpose or a scale that is right for one step only."""
    text = tale(200)
    tokenizer = Characters.learn([text], TextSettings())
    sizes = {"hidden_size": 48, "layers": 3, **INPUTS[inputs]}
    model, network = random_network(cell, tokenizer.size, **sizes)
    ids = tokenizer.encode(text).astype(np.int64)
    with torch.no_grad():
        expected, _ = model(torch.from_numpy(ids)[:, None], model.zero_state(1))
    unrolled = network.trace(ids, network.zero_state())
    state = network.zero_state()
    for step, token in enumerate(ids):
        logits, state = network.step(token, state)
        scale = max(1.0, float(expected[step].abs().max()))  # some cells grow without bound
        for found in logits, unrolled.logits[step]:
            np.testing.assert_allclose(found, expected[step, 0], atol=1e-4 * scale, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_of_separate_products_equals_each_text_bit_by_bit(cell):
    """Sums of another order for many texts, so that a draw falls otherwise now and then."""
    for hidden_size in (1, 7, 48):
        _, network = random_network(cell, hidden_size=hidden_size, embedding_size=4)
        ids = np.random.default_rng(0).integers(0, 5, (30, 9, 1))
        together, alone = network.zero_state(9, 1), network.zero_state()
        for step in ids:
            logits, together = network.step(step, together)
            single, alone = network.step(int(step[6, 0]), alone)
            np.testing.assert_array_equal(logits[6, 0], single)


@pytest.mark.parametrize("cell", CELLS)
def test_sequences_of_a_batch_equal_each_alone(cell):
    """Batches that leak into one another."""
    _, network = random_network(cell, hidden_size=8, embedding_size=4)
    ids = np.array([[0, 4], [3, 3], [1, 2]])
    together = network.trace(ids, network.zero_state(2), gates=True)
    for sequence in range(2):
        alone = network.trace(ids[:, sequence], network.zero_state(), gates=True)
        np.testing.assert_allclose(together.logits[:, sequence], alone.logits, atol=1e-6)
        for layers, own in (together.states, alone.states), (together.gates, alone.gates):
            for layer, own_layer in zip(layers, own, strict=True):
                names = own_layer if isinstance(own_layer, dict) else range(len(own_layer))
                for name in names:
                    np.testing.assert_allclose(layer[name][:, sequence], own_layer[name], atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_unrolling_in_pieces_equals_unrolling_the_whole(cell):
    """A state that is that of another step."""
    _, network = random_network(cell, hidden_size=8, embedding_size=4)
    ids = np.random.default_rng(1).integers(0, 5, 40)
    whole = network.trace(ids, network.zero_state())
    first = network.trace(ids[:17], network.zero_state())
    second = network.trace(ids[17:], first.last_state)
    np.testing.assert_allclose(second.logits, whole.logits[17:], atol=1e-5)
