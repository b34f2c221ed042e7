"""Drawing tokens and writing text."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.engine.model import CharRNN
from charrnn.play.player import Player
from charrnn.play.sample import distribution, draw, write
from charrnn.settings import ModelSettings, SampleSettings
from charrnn.text.tokenizers import TOKENIZERS

logits = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=40).map(np.array)
settings = st.builds(
    SampleSettings,
    temp=st.one_of(st.just(0.0), st.floats(1e-300, 100)),
    top_k=st.none() | st.integers(1, 50),
    top_p=st.none() | st.floats(0, 1, exclude_min=True),
    min_p=st.none() | st.floats(0, 1),
)


@given(logits, settings)
def test_every_setting_gives_a_distribution_that_keeps_the_likeliest(logits, settings):
    """Everything filtered out, NaN from a tiny temperature, a sum that is not 1."""
    p = distribution(logits, settings)
    assert p.sum() == pytest.approx(1)
    assert (p >= 0).all()
    assert p[logits.argmax()] == p.max() > 0
    if settings.top_k:
        assert np.count_nonzero(p) <= settings.top_k
    if settings.min_p:
        assert (p[p > 0] >= settings.min_p * p.max() * (1 - 1e-9)).all()


def test_filters_by_hand():
    """Top-p without the token that crosses the line; filters applied before the temperature."""
    scores = np.log([0.5, 0.25, 0.15, 0.1])
    plain = SampleSettings()
    assert distribution(scores, plain) == pytest.approx([0.5, 0.25, 0.15, 0.1])
    assert distribution(scores, replace(plain, top_k=2)) == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert distribution(scores, replace(plain, top_p=0.6)) == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert distribution(scores, replace(plain, min_p=0.4)) == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert distribution(scores, replace(plain, temp=0)).tolist() == [1, 0, 0, 0]
    squares = np.array([0.25, 0.0625, 0.0225, 0.01])
    assert distribution(scores, replace(plain, temp=0.5)) == pytest.approx(squares / squares.sum())
    flat = replace(plain, temp=2.0, top_p=0.6)
    assert np.count_nonzero(distribution(scores, flat)) == 2


def test_draws_are_as_frequent_as_their_probabilities():
    """An off-by-one in the search, or a token of probability 0 that is drawn."""
    rng = np.random.default_rng(0)
    p = np.array([0.0, 0.2, 0.0, 0.5, 0.3, 0.0])
    counts = np.bincount([draw(p, rng) for _ in range(20_000)], minlength=6) / 20_000
    assert counts == pytest.approx(p, abs=0.015)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]


@pytest.fixture(params=TOKENIZERS)
def writer(request):
    """A small untrained model that writes."""
    tokenizer = TOKENIZERS[request.param].learn(["hello wörld\n"])
    model = ModelSettings(width=8, embedding=4, layers=1)
    player = Player(model, CharRNN(model, tokenizer.size).export())
    return lambda **given: list(write(player, tokenizer, SampleSettings(**given)))


def test_length_is_in_characters_and_the_prime_comes_first(writer):
    """A length in bytes, or a prime that is counted or swallowed."""
    assert len("".join(writer(length=50, seed=1))) == 50
    text = "".join(writer(length=50, seed=1, prime="wör"))
    assert text.startswith("wör")
    assert len(text) == 53
    assert writer(length=0) == []


def test_the_same_seed_writes_the_same_text(writer):
    """A generator that is shared, or seeded by the clock."""
    assert writer(length=80, seed=7) == writer(length=80, seed=7)
    assert writer(length=80, seed=7) != writer(length=80, seed=8)
    assert writer(length=80, seed=7, temp=0) == writer(length=80, seed=8, temp=0)


@given(start=st.integers(0, 60), size=st.integers(1, 6))
def test_stop_ends_the_text_before_it(start, size):
    """A stop that arrives in pieces and is half written before it is noticed."""
    tokenizer = TOKENIZERS["char"].learn(["ab"])
    model = ModelSettings(width=4, embedding=4, layers=1)
    player = Player(model, {n: w * 0 for n, w in CharRNN(model, 2).export().items()})
    whole = "".join(write(player, tokenizer, SampleSettings(length=80, seed=3)))
    stop = whole[start : start + size]
    found = "".join(write(player, tokenizer, SampleSettings(length=80, seed=3, stop=stop)))
    assert found == whole[: whole.index(stop)]
    never = "".join(write(player, tokenizer, SampleSettings(length=80, seed=3, stop="abc")))
    assert never == whole
