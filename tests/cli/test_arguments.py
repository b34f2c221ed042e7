"""How the words of a command line are read, whatever the command."""

import pytest
from hypothesis import given, strategies as st

from charrnn.values import more, number, whole_number


@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_is_read_as_it_is(value):
    """A digit that is lost."""
    assert whole_number(str(value)) == value
    assert whole_number(f"{value}k") == whole_number(f"{value}K") == 1000 * value
    assert whole_number(f"{value}m") == 10**6 * value


def test_thousands_and_millions():
    """2m that are two minutes; half a step."""
    assert whole_number("1.5k") == 1500
    assert whole_number("0.25m") == 250_000
    for wrong in ("1.5", "0.0001k", "1_000", " 5", "5 ", "", "k", "1e3", "٣", "5kk", "0x10"):
        with pytest.raises(ValueError, match="whole number"):
            whole_number(wrong)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_it_is(value):
    """A number of Python's that we refuse."""
    assert number(str(value)) == value
    with pytest.raises(ValueError, match="not a number"):
        number(f" {value}")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("5m", ("time", 300)), ("90", ("time", 90)), ("500steps", ("steps", 500)),
     ("2k steps", ("steps", 2000)), ("1step", ("steps", 1)), ("2.5 epochs", ("epochs", 2.5))],
)  # fmt: skip
def test_how_much_more_is_said_in_three_ways(text, meaning):
    """Minutes that are taken for millions."""
    assert more(text) == meaning


@pytest.mark.parametrize("text", ["", "steps", "5x", "0steps", "-5m", "1_0steps", "1e999epochs"])
def test_more_of_nothing_is_refused(text):
    """A run that goes on for ever, or back."""
    with pytest.raises(ValueError, match=r"not a|not more|positive"):
        more(text)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("sample -n 1_000", "--length: '1_000' is not a whole number"),
        ("probe a b --limit 5x", "--limit: '5x' is not a whole number"),
        ("train a --learning-rate 1_0", "--learning-rate: '1_0' is not a number"),
        ("gradients --gain nan", "--gain: 'nan' is not a number"),
        ("sample --temp 0_8", "not a temperature"),
    ],
)
def test_one_rule_for_all_numbers(charrnn, args, said):
    """1_000 that is a thousand for one flag and an error for the next."""
    told = charrnn(*args.split())
    assert (told.code, said in told.err) == (2, True), told.err


@pytest.mark.parametrize(
    "args",
    [["sample", ""], ["eval", "", "x"], ["train", ""], ["train", "a", "--run", ""],
     ["prepare", "a", "--name", ""], ["runs", "rm", ""], ["corpora", "rm", "a", ""],
     ["classify", "a", "--runs", ""], ["export", "-o", ""]],
    ids=" ".join,
)  # fmt: skip
def test_what_is_empty_is_a_sentence(charrnn, args):
    """`rm "$RUN"` of a script whose variable is not set; a file without a name."""
    told = charrnn(*args)
    assert (told.code, "an empty name" in told.err) == (2, True), told.err


def test_choices_are_read_in_any_case(trained, used):
    """LSTM, as every paper writes it, refused."""
    assert "no run" in used("train", "--resume", "--run", "x", "--cell", "LSTM").err
    assert "no run" in used("train", "--resume", "--run", "x", "--recipe", "Plain").err
    text = used("sample", "--until", "NEWLINE", "--unknown", "Skip", "-n", "0.02k", "-s", "1")
    assert text.out == used("sample", "--until", "newline", "-n", "20", "-s", "1").out
