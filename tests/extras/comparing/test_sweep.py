"""Networks of several cells that are compared are equally large."""

import pytest

from charrnn.cells import CELLS
from charrnn.cells.parameters import count
from charrnn.extras.comparing.sweep import with_parameters
from charrnn.settings import ModelSettings
from charrnn.tasks import task_of
from charrnn.text.tokenizers import Characters
from tests.random_models import random_checkpoint

TOKENIZER = Characters("".join(map(chr, range(32, 97))))
TASK = task_of(ModelSettings(), random_checkpoint(TOKENIZER))


def size_of(model):
    return count(TASK.parameters(model))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("parameters", [1, 3000, 876_929])
def test_the_nearest_hidden_size_is_found(cell, parameters):
    """A comparison that the largest network wins."""
    model = ModelSettings(cell=cell)

    def misfit(hidden_size):
        return abs(size_of(model.with_hidden_size(hidden_size)) - parameters)

    size = with_parameters(model, TASK, parameters).hidden_size
    assert misfit(size) == min(misfit(n) for n in (size - 1, size, size + 1) if n)


def test_tied_networks_too():
    """An embedding that keeps its size while the layers change theirs."""
    model = ModelSettings(tie_weights=True, hidden_size=64)
    found = with_parameters(model, TASK, 100_000)
    assert found.embedding_size == found.hidden_size
    assert abs(size_of(found) - 100_000) < 3000
