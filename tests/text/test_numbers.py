"""Numbers as tokens: bins, scales, and what comes back."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text.encoding import encode_pieces
from charrnn.text.series import numbers as numbers_of_table
from charrnn.text.tokenizers import END, Numbers, from_json, to_json
from charrnn.text.tokenizers.number import MISSING, parsed, series_of
from charrnn.text.tokenizers.number_scale import best_scale, filled, learn_bins

SETTINGS = TextSettings(tokenizer="number", split="100/0", bins=32)
KINDS = {
    "none": {"difference": "none"},
    "last": {"difference": "last"},
    "season": {"difference": "season", "season": 4},
    "both": {"difference": "both", "season": 4},
    "log": {"difference": "season", "season": 4, "scale": "log"},
}
every_kind = pytest.mark.parametrize("kind", KINDS)
values = st.lists(
    st.integers(1, 10**6).map(lambda n: n / 100) | st.just(math.nan), min_size=12, max_size=40
).filter(lambda numbers: len(set(numbers)) > 8)


def text_of(numbers) -> str:
    return "".join(f"{x!r}\n" for x in numbers)


def learned(numbers, **given) -> Numbers:
    return Numbers.learn([text_of(numbers)], replace(SETTINGS, **given))


def widths(tokenizer: Numbers, ids) -> np.ndarray:
    edges = tokenizer.bins.edges
    return np.where(ids == MISSING, 0, np.diff(edges)[np.maximum(ids.astype(int), 1) - 1])


@every_kind
@given(numbers=values)
@settings(max_examples=20)
def test_what_training_saw_comes_back_within_its_bin(kind, numbers):
    """Errors that add up over differences; a number that lies in the bin beside its own."""
    try:
        tokenizer = learned(numbers, **KINDS[kind])
    except TextError:  # no number with one before it
        return
    ids, scaled = tokenizer.ids(np.array(numbers)), tokenizer.scale.scaled(np.array(numbers))
    back = tokenizer.scaled(ids, np.array(numbers))
    there = ~np.isnan(numbers) & (np.arange(len(numbers)) >= tokenizer.scale.lag)
    inside = (ids > MISSING + 1) & (ids < len(tokenizer.bins.centres))  # beyond, it is a bound
    error = np.abs(back - scaled)[there & inside]
    assert (error <= widths(tokenizer, ids)[there & inside] * (1 + 1e-6) + 1e-9).all()
    assert (ids[~there] == MISSING).all()


@every_kind
def test_a_text_comes_back_as_it_was_written(kind):
    """Numbers with other decimals, lost line ends, the first season lost."""
    numbers = [round(100 + 10 * math.sin(t) + t, 1) for t in range(40)]
    tokenizer = learned(numbers, **KINDS[kind], bins=256)
    text = text_of(numbers)
    decode = tokenizer.decoder()
    assert "".join(decode(int(i)) for i in tokenizer.encode(text)) == text
    later = tokenizer.decoder(after=text_of(numbers[:20]))
    rest = [later(int(i)) for i in tokenizer.encode(text)[20:]]
    assert "".join(rest) == text_of(numbers[20:])


@every_kind
@given(numbers=values)
@settings(max_examples=5)
def test_it_does_not_matter_where_a_series_is_cut(kind, numbers):
    """Differences from a number that another piece has."""
    numbers = [number for number in numbers if not math.isnan(number)] * 3
    tokenizer = learned(numbers, **KINDS[kind], document_per="file")
    text = END.join([text_of(numbers[:9])] * 2)
    ids = tokenizer.encode(text).tolist()
    assert [int(i) for part in encode_pieces(tokenizer, list(text)) for i in part] == ids
    for end in range(0, len(text), 3):
        cut = tokenizer.cut(text[:end])
        assert [*tokenizer.encode(text[:cut]), *tokenizer.encode(text[cut:])] == ids


@every_kind
def test_json_round_trip(kind):
    """Bins that change on the way through a checkpoint."""
    tokenizer = learned([math.sin(t) + 2 for t in range(50)], **KINDS[kind], document_per="file")
    other = from_json(to_json(tokenizer))
    assert to_json(other) == to_json(tokenizer)
    assert (other.symbols, other.end) == (tokenizer.symbols, tokenizer.end)
    assert len(set(other.symbols)) == other.size


@every_kind
@given(ids=st.lists(st.integers(0, 2**16), max_size=20), after=st.sampled_from(["", "3", "3\n4\n"]))
@settings(max_examples=20)
def test_whatever_a_model_writes_is_a_number_a_line(kind, ids, after):
    """Two numbers on a line, the first behind the prompt's; infinity."""
    tokenizer = learned([math.sin(t) + 2 for t in range(50)], **KINDS[kind], document_per="file")
    decode = tokenizer.decoder(after)
    text = after + "".join(decode(number % tokenizer.size) for number in ids)
    counts = [len(values) for values in series_of(text)]
    assert sum(counts) + len(counts) - 1 == len(after.split()) + len(ids)
    assert all(math.isfinite(x) or math.isnan(x) for part in series_of(text) for x in part)


def test_several_series_are_an_error_for_a_model_of_one():
    """A crash on half a surrogate pair; one series that goes on in the next."""
    tokenizer = learned(range(50))
    assert tokenizer.end is None
    assert tokenizer.unknown(f"1\n{END}2\n") == END
    with pytest.raises(TextError, match="several series"):
        tokenizer.encode(f"1\n{END}2\n")


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [("bins", "edges", [1, 0]), ("bins", "edges", None), ("bins", "centres", ["x"]),
     ("bins", "edges", [math.nan] * 60), ("scale", "last", 2), ("scale", "season", -1),
     ("scale", "start", [1.0]), ("scale", "log", 1), ("scale", "least", "x"),
     ("scale", "decimals", 99), ("scale", "naive", math.inf)],
)  # fmt: skip
def test_damaged_json_is_refused(part, name, value):
    """A crash later on, from a file of a stranger."""
    data = to_json(learned(range(50), difference="none"))
    data[part] = {**data[part], name: value}
    with pytest.raises(ValueError, match="damaged"):
        from_json(data)


@given(
    numbers=st.lists(st.integers(-1000, 1000), min_size=3, max_size=300), count=st.integers(8, 64)
)
@settings(max_examples=50)
def test_bins_hold_about_as_many_numbers_each(numbers, count):
    """A bin without width; quantiles that are not; numbers outside of all bins."""
    bins = learn_bins(np.array(numbers, float), count)
    assert (np.diff(bins.edges) > 0).all()
    assert len(bins.centres) <= count
    inside = np.searchsorted(bins.edges, numbers, side="right") - 1
    tail = max(1, round(count / 16))
    assert inside.min() >= tail
    assert inside.max() < len(bins.centres) - tail


def test_bins_are_learned_from_the_training_part_alone():
    """What is tested shapes the bins, and looks better than it is."""
    numbers = [*range(80), *range(1000, 1020)]
    tokenizer = Numbers.learn([text_of(numbers)], replace(SETTINGS, split="80/0/20", bins=256))
    assert tokenizer.bins.edges[-1] < 200


def test_the_scale_that_leaves_the_fewest_bits():
    """A trend that no network can follow; differences of what has none, which only add noise."""
    rng, t = np.random.default_rng(1), np.arange(240)
    season = 10 * np.sin(t * np.pi / 6)
    cases = {
        (0, 0, False): rng.normal(size=240),
        (1, 0, False): rng.normal(size=240).cumsum() * 3 - 200,
        (0, 12, False): season + t * 0.5 + rng.normal(size=240) / 4 - 100,
        (0, 12, True): np.exp(season / 20 + t / 60 + rng.normal(size=240) / 20),
    }
    for (last, steps, log), numbers in cases.items():
        scale = best_scale([numbers], replace(SETTINGS, season=12))
        assert (scale.last, scale.season, scale.log) == (last, steps, log)


def test_a_series_without_a_name_is_one_of_its_own():
    """Numbers of the series that follows it."""
    table = "s,x\n,1\n,2\na,3\n"
    asked = TextSettings(tokenizer="number", series="s", column="x")
    assert "".join(numbers_of_table([table], "a.csv", asked)) == f"1\n2\n{END}3\n{END}"


def test_missing_numbers_are_filled():
    """A gap that is taken for zero."""
    nan = math.nan
    assert filled(np.array([nan, 1, nan, nan, 4])).tolist() == [1, 1, 1, 1, 4]
    assert filled(np.array([nan])).tolist() == [0]


@pytest.mark.parametrize("cell", ["1_000", "1,5", "abc", "inf", "1e300", "0x10", "--"])
def test_what_is_no_number(cell):
    """Text that Python takes for a number, or that cannot be computed with."""
    with pytest.raises(ValueError, match=r"not a number|too large"):
        parsed(cell)
    with pytest.raises(TextError, match="number a line"):
        series_of(f"1\n{cell}\n")


@pytest.mark.parametrize("text", ["", "nan\n" * 5, "3\n" * 9])
def test_nothing_to_learn_from(text):
    """Bins without width, a quantile of nothing, or the end of a series that is not there."""
    for document_per in (None, "file"):
        with pytest.raises(TextError, match="no two different numbers"):
            Numbers.learn([text], replace(SETTINGS, document_per=document_per))


def test_a_series_that_is_shorter_than_its_season():
    """A quantile of nothing."""
    with pytest.raises(TextError, match="no series is longer than the 12"):
        learned(range(12), season=12, difference="season")


def test_logarithms_that_are_asked_for_need_positive_numbers():
    """A scale that is asked for and not taken."""
    with pytest.raises(TextError, match="one is -3"):
        learned([5.0, -3.0, 2.0, 7.0] * 9, difference="last", scale="log")
