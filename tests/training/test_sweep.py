"""Networks of several cells that are compared are equally large."""

import pytest
from charrnn.storage.layout import parameter_count

from charrnn.cells import CELLS
from charrnn.settings import ModelSettings
from charrnn.training.sweep import with_parameters


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("parameters", [1, 3000, 876_929])
def test_the_nearest_hidden_size_is_found(cell, parameters):
    """A comparison that the largest network wins."""
    model = ModelSettings(cell=cell)

    def misfit(hidden_size):
        return abs(parameter_count(model.with_hidden_size(hidden_size), 65) - parameters)

    size = with_parameters(model, (65, None, ()), parameters).hidden_size
    assert misfit(size) == min(misfit(n) for n in (size - 1, size, size + 1) if n)


def test_tied_networks_too():
    """An embedding that keeps its size while the layers change theirs."""
    model = ModelSettings(tie_weights=True, hidden_size=64)
    found = with_parameters(model, (65, None, ()), 100_000)
    assert found.embedding_size == found.hidden_size
    assert abs(parameter_count(found, 65) - 100_000) < 3000
