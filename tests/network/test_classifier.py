"""The network for labels: padding, directions, and the same numbers from NumPy."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.inference import text_classifier
from charrnn.network.classifier import TextClassifier
from charrnn.network.text_encoder import encode
from charrnn.settings import ModelSettings

V, K, H = 7, 3, 12
LENGTHS = [5, 1, 9, 3]


@pytest.fixture(params=[False, True], ids=["forwards", "both"])
def bidirectional(request):
    return request.param


def model_of(cell, bidirectional, **settings):
    """A network whose weights are not those that it starts with."""
    torch.manual_seed(1)
    settings = ModelSettings(
        task="label", cell=cell, hidden_size=H, embedding_size=5, dropout=0.0,
        bidirectional=bidirectional, **settings,
    )  # fmt: skip
    model = TextClassifier(settings, V, K)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def texts():
    """Texts of several lengths."""
    generator = np.random.default_rng(1)
    return [generator.integers(V, size=length) for length in LENGTHS]


def padded(some, filler):
    """The texts as one batch, with a token of no meaning behind them."""
    ids = torch.full((max(map(len, some)) + 2, len(some)), filler)
    for column, text in enumerate(some):
        ids[: len(text), column] = torch.from_numpy(text)
    return ids, torch.tensor([len(text) for text in some])


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_is_each_text_alone(cell, bidirectional):
    """Padding that is read, averaged or taken for the largest; a reverse that begins in it."""
    model, some = model_of(cell, bidirectional), texts()
    with torch.no_grad():
        together = model(*padded(some, 0))
        for filler in range(1, V):
            assert torch.equal(model(*padded(some, filler)), together)
        for text, logits in zip(some, together, strict=True):
            alone = model(torch.from_numpy(text)[:, None], torch.tensor([len(text)]))
            assert alone[0].numpy() == pytest.approx(logits.numpy(), abs=1e-6, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("one_hot", [False, True])
def test_numpy_predicts_what_torch_does(cell, bidirectional, one_hot):
    """A prediction of another network than the one that was trained."""
    model, some = model_of(cell, bidirectional, one_hot=one_hot), texts()
    with torch.no_grad():
        expected = model(*padded(some, 0)).softmax(-1).numpy()
    network = text_classifier.TextClassifier(model.settings, model.export())
    assert network.probabilities(some) == pytest.approx(expected, abs=1e-6, rel=1e-6)


def test_both_directions_of_a_layer_equal_torchs():
    """A direction that gets the other's weights; outputs in another order than torch's."""
    model = model_of("lstm", bidirectional=True)
    twin = torch.nn.LSTM(5, H, num_layers=2, bidirectional=True)
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in twin.named_parameters():
            kind, _, rest = name.rpartition("_l")
            number, reverse, _ = rest.partition("_reverse")
            place = f"layers.{number}." + ("reverse." if reverse else "")
            parameter.copy_(weights[place + kind])
        ids = torch.from_numpy(np.stack(texts()[:1], 1))
        found = encode(model, ids, torch.tensor([len(ids)]))
        expected, _ = twin(model.embed(ids))
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-6, rel=1e-6)
