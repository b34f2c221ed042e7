"""How sequences may be written."""

import pytest

from charrnn.errors import UsageError
from charrnn.tasks.outputs.base import Decoding


@pytest.mark.parametrize(
    "given",
    [{"beam": 0}, {"max_length": 0}, {"temp": -1.0}, {"temp": float("nan")}, {"seed": 1},
     {"beam": 2, "temp": 1.0}],
)  # fmt: skip
def test_a_decoding_that_cannot_be_is_refused(given):
    """A beam of drawn texts, of which none is found; a seed without an effect."""
    with pytest.raises(UsageError):
        Decoding(**given)
