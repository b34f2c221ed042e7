"""Settings: bounds, words and lengths of time."""

from dataclasses import asdict, fields, is_dataclass

import pytest
from hypothesis import given, strategies as st

from charrnn import settings
from charrnn.cli.flags import described
from charrnn.settings import SettingError, read
from charrnn.values import seconds, split_fractions

KINDS = [k for k in vars(settings).values() if isinstance(k, type) and is_dataclass(k)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("2m", 120), ("1h30m", 5400), ("1.5h", 5400), ("1D", 86400)],
)
def test_lengths_of_time(text, expected):
    """2m taken for two seconds."""
    assert seconds(text) == expected


@given(st.text(max_size=8))
def test_anything_else_is_refused_or_is_a_time(text):
    """A crash, an infinite run, or one of no length."""
    try:
        assert 0 < seconds(text) < float("inf")
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    "split",
    ["", "1", "90/5/5/5", "0/50/50", "a/b/c", "-1/2/3", "90/5/", "90 5", "90/20/0", "8/1/1"],
)
def test_odd_splits_are_refused(split):
    """A split that leaves no training part, or part of a part."""
    with pytest.raises(ValueError, match=r"split|train"):
        split_fractions(split)


def test_splits_are_fractions():
    assert split_fractions("80/10/10") == (0.8, 0.1, 0.1)
    assert split_fractions("90/10") == (0.9, 0.1, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_within_their_own_bounds_and_every_setting_has_help(kind):
    """A default that the command line itself would refuse; a flag without a word."""
    assert asdict(read(kind, asdict(kind()))) == asdict(kind())
    for field in fields(kind):
        text, default = described(field, field.type)
        assert text
        assert (default == "") == (field.default in (None, False, ()))


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (settings.ModelSettings, {"hidden_size": 0}, "than or equal to 1, not 0"),
        (settings.ModelSettings, {"cell": "lsmt"}, "must be 'lstm'.* not 'lsmt'"),
        (settings.ModelSettings, {"dropout": float("nan")}, "nan"),
        (settings.ModelSettings, {"tie_weights": True}, "--embedding-size 256"),
        (settings.ModelSettings, {"size": 3}, "no such setting"),
        (settings.TrainSettings, {"steps": 3, "time": "2m"}, "one length"),
        (settings.TrainSettings, {"time": "soon"}, "not a length of time"),
        (settings.SampleSettings, {"temp": -1.0}, "-1.0 is not a temperature"),
        (settings.SampleSettings, {"stop": ("",)}, "empty"),
        (settings.TextSettings, {"encoding": "klingon"}, "klingon"),
    ],
)
def test_values_out_of_bounds_are_named(kind, values, message):
    """A bound that is written down and never checked."""
    with pytest.raises(SettingError, match=message):
        read(kind, values)
