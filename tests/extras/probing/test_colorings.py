"""What the colours of a text stand for."""

import numpy as np
import pytest

from charrnn.errors import UsageError
from charrnn.extras.probing.colorings import SURPRISE, parse_gate, parse_unit
from charrnn.inference.activations import Activations
from charrnn.settings import ModelSettings

MODEL = ModelSettings(layers=2, hidden_size=6)


def activations():
    """Three tokens read by an LSTM of 2x6."""
    rng = np.random.default_rng(0)
    units = {f"{n}.{s}": 3 * rng.standard_normal((3, 6)) for n in (1, 2) for s in "hc"}
    gates = {f"{n}.{g}": rng.random((3, 6)) for n in (1, 2) for g in ("input", "forget", "output")}
    return Activations(
        np.arange(3), ["a", "b", "c"], np.array([0.0, 2.0, 30.0]), units, gates, np.zeros((3, 2))
    )


def test_a_name_finds_its_unit_and_its_gate():
    """Layers that count from 0 in one place and from 1 in another."""
    piece = activations()
    np.testing.assert_array_equal(parse_unit("2.c4", MODEL).values(piece), piece.units["2.c"][:, 4])
    np.testing.assert_array_equal(parse_unit("1.5", MODEL).values(piece), piece.units["1.h"][:, 5])
    mean = parse_gate("1.forget", MODEL).values(piece)
    np.testing.assert_allclose(mean, piece.gates["1.forget"].mean(1))


def test_shades_stay_within_the_colours():
    """A memory of 50, or 30 bits, that is another colour than red."""
    piece = activations()
    for coloring in SURPRISE, parse_unit("1.5", MODEL), parse_gate("1.forget", MODEL):
        shades = coloring.shades(coloring.values(piece))
        assert np.abs(shades).max() <= 1
        assert coloring.title


@pytest.mark.parametrize(
    "name", ["", "1", "0.1", "3.1", "1.6", "1.x1", "1.c", "1.c-1", "1.²", "1.c1e9", "9" * 99]
)
def test_there_is_no_such_unit(name):
    """A name that is cut, or read as another unit's."""
    with pytest.raises(UsageError):
        parse_unit(name, MODEL)


@pytest.mark.parametrize("name", ["forget", "1.candidate", "3.forget", "1.None"])
def test_there_is_no_such_gate(name):
    """A gate of a layer that the model lacks."""
    with pytest.raises(UsageError):
        parse_gate(name, MODEL)
