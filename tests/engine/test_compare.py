"""Runs beside one another."""

import math

import pytest

from charrnn.cells import CELLS
from charrnn.engine.compare import width_of
from charrnn.settings import ModelSettings
from charrnn.store import shapes


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("parameters", [1, 3000, 876_929])
def test_cells_are_made_equally_large(cell, parameters):
    """A comparison that the largest network wins."""
    model = ModelSettings(cell=cell)

    def size(width):
        sized = ModelSettings(cell=cell, width=width)
        return sum(map(math.prod, shapes(sized, 65).values()))

    width = width_of(model, 65, parameters)
    misfits = [abs(size(w) - parameters) for w in (width - 1, width, width + 1) if w]
    assert abs(size(width) - parameters) == min(misfits)


def test_tied_networks_too():
    """An embedding that keeps its width while its layers change theirs."""
    model = ModelSettings(tie=True, width=64)
    width = width_of(model, 65, 100_000)
    sized = ModelSettings(tie=True, width=width, embedding=width)
    assert abs(sum(map(math.prod, shapes(sized, 65).values())) - 100_000) < 3000
