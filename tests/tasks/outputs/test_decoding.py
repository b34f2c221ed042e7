"""How sequences may be written."""

import pytest

from charrnn.errors import UsageError
from charrnn.tasks.outputs.decoding import Decoding


@pytest.mark.parametrize(
    "given",
    [{"beam": 0}, {"max_length": 0}, {"temp": -1.0}, {"temp": float("nan")}, {"seed": 1},
     {"beam": 2, "temp": 1.0}],
)  # fmt: skip
def test_a_decoding_that_cannot_be_is_refused(given):
    """A beam of drawn texts, of which none is found; a seed without an effect."""
    with pytest.raises(UsageError):
        Decoding(**given)


@pytest.mark.parametrize("given", [{"beam": 2}, {"temp": 1.0}, {"max_length": 3}])
def test_what_is_asked_of_a_task_that_writes_nothing_is_said(given):
    """A beam that is ignored."""
    Decoding(skipped=3).check_effective("label")
    with pytest.raises(UsageError, match="no effect with --task label"):
        Decoding(**given).check_effective("label")


def test_what_is_drawn_follows_from_the_seed_and_the_number():
    """Random numbers that depend on what stands beside an example."""
    first, second = Decoding(temp=1.0, seed=3).generators([5, 2])
    (alone,) = Decoding(temp=1.0, seed=3, skipped=2).generators([0])
    assert alone.random() == second.random() != first.random()
    assert Decoding(seed=None).generators([1]) == []
