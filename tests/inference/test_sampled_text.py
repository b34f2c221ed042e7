"""Where a sampled text begins, is cut into pieces, and ends."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError, UsageError
from charrnn.inference.sampled_texts import sample_many
from charrnn.inference.sampling import TextBuilder, sample
from charrnn.settings import SampleSettings, TextSettings
from charrnn.text.tokenizers import END, TOKENIZERS, Characters
from tests.inference.models import LETTERS, constant, untrained

NAMES = Characters("ab" + END)


def built(text, settings, tokenizer=LETTERS):
    """(what is shown of a text, what ended it)."""
    builder, shown = TextBuilder(tokenizer, settings, ""), ""
    for token in tokenizer.encode(text):
        shown += builder.add(int(token))
        if builder.ended:
            break
    return shown, builder.ended


@given(
    text=st.text("abc", max_size=30),
    stops=st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
    length=st.integers(1, 30),
)
def test_the_first_of_several_stops_ends_a_text(text, stops, length):
    """A stop that is printed, one that hides another, text that is held back and lost."""
    shown, ended = built(text, SampleSettings(stop=tuple(stops), length=length))
    cut = text[:length]
    complete = [n for n in range(len(cut) + 1) if any(stop in cut[:n] for stop in stops)]
    if complete:  # the one that is complete first
        read = cut[: complete[0]]
        first = min(read.index(stop) for stop in stops if stop in read)
        assert (shown, ended) == (read[:first], "stop")
    elif len(text) >= length:
        assert (shown, ended) == (cut, "length")
    else:
        assert cut.startswith(shown)
        assert any(stop.startswith(cut[len(shown) :]) for stop in stops) or shown == cut


def test_a_document_and_a_line_end():
    """A name that runs into the next one; the sign of an end in the output."""
    assert built("ab" + END + "a", SampleSettings(), NAMES) == ("ab", "document")
    line = Characters("\nab")
    assert built("ab\na", SampleSettings(until="newline"), line) == ("ab", "newline")
    with pytest.raises(UsageError, match="without documents"):
        next(sample(untrained(), LETTERS, SampleSettings(until="document")))
    text = "".join(sample(constant([0.4, 0.4, 0.2]), NAMES, SampleSettings(seed=1, length=500)))
    assert END not in text
    assert len(text) < 500


@given(start=st.integers(0, 60), size=st.integers(1, 6))
def test_stop_ends_the_text_before_it(start, size):
    """A stop that arrives in pieces and is half written before it is noticed."""
    tokenizer, network = Characters("ab"), constant([0.5, 0.5])
    settings = SampleSettings(length=80, seed=3)
    whole = "".join(sample(network, tokenizer, settings))
    stop = whole[start : start + size]
    found = "".join(sample(network, tokenizer, replace(settings, stop=(stop,))))
    assert found == whole[: whole.index(stop)]
    (text,) = sample_many(network, tokenizer, replace(settings, stop=(stop,)))
    assert (text.text, text.ended) == (found, "stop")
    never = "".join(sample(network, tokenizer, replace(settings, stop=("a" * 60,))))
    assert never == whole
    with pytest.raises(TextError, match="'c'"):  # one that cannot come
        next(sample(network, tokenizer, SampleSettings(stop="abc")))


def test_a_streamed_text_is_cut_between_characters():
    """Half a character at the border of two pieces, or at the end."""
    text = "naïve café 日本 “so” " * 30
    tokenizer = TOKENIZERS["bpe"].learn([text], TextSettings(tokenizer="bpe", vocab_size=320))
    network = untrained(vocabulary_size=tokenizer.size)
    pieces = list(sample(network, tokenizer, SampleSettings(length=400, seed=1)))
    assert len("".join(pieces)) == 400
    assert all(piece.encode().decode() == piece for piece in pieces)


@pytest.fixture(params=[kind for kind in TOKENIZERS if kind != "number"])
def sampled(request):
    """The pieces of a text of a small untrained model, by settings."""
    tokenizer = TOKENIZERS[request.param].learn(["hello wörld\n"], TextSettings())
    network = untrained("lstm", tokenizer.size, layers=1, scale=0.1)
    return lambda **given: list(sample(network, tokenizer, SampleSettings(**given)))


def test_length_is_in_characters_and_the_prompt_comes_first(sampled):
    """A length in bytes, or a prompt that is counted or swallowed."""
    assert len("".join(sampled(length=50, seed=1))) == 50
    text = "".join(sampled(length=50, seed=1, prompt="wör"))
    assert text.startswith("wör")
    assert len(text) == 53
    assert sampled(length=0) == []


def test_the_same_seed_writes_the_same_text(sampled):
    """A generator that is shared, or seeded by the clock."""
    assert sampled(length=80, seed=7) == sampled(length=80, seed=7)
    assert sampled(length=80, seed=7) != sampled(length=80, seed=8)
    assert sampled(length=80, seed=7, temp=0) == sampled(length=80, seed=8, temp=0)
