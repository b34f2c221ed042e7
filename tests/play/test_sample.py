"""Drawing tokens and writing text."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.engine import crowd
from charrnn.engine.model import CharRNN
from charrnn.errors import DivergedError, TextError
from charrnn.play.player import Player
from charrnn.play.sample import blocks, scores, write, write_many
from charrnn.settings import ModelSettings, SampleSettings
from charrnn.text.tokenizers import TOKENIZERS, Characters

logits = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=40).map(np.array)
settings = st.builds(
    SampleSettings,
    temp=st.one_of(st.just(0.0), st.floats(1e-300, 100)),
    top_k=st.none() | st.integers(1, 50),
    top_p=st.none() | st.floats(0, 1, exclude_min=True),
    min_p=st.none() | st.floats(0, 1),
)


def probabilities(logits, settings):
    """What the scores of logits (V,) come to."""
    with np.errstate(over="ignore"):  # a tiny temperature
        weights = np.exp(scores(logits - logits.max(), settings).astype(np.float64))
    return weights / weights.sum()


@given(logits, settings)
def test_every_setting_gives_a_distribution_that_keeps_the_likeliest(logits, settings):
    """Everything filtered out, NaN from a tiny temperature, a sum that is not 1."""
    p = probabilities(logits, settings)
    assert p.sum() == pytest.approx(1)
    assert (p >= 0).all()
    assert p[logits.argmax()] == p.max() > 0
    if settings.top_k:
        assert np.count_nonzero(p) <= settings.top_k
    if settings.min_p:
        assert (p[p > 0] >= settings.min_p * p.max() * (1 - 1e-9)).all()


@given(logits, settings)
def test_torch_and_numpy_leave_out_the_same(logits, settings):
    """A filter that is written for one library, and something else in the other."""
    logits = logits.astype(np.float32) - logits.astype(np.float32).max()
    with np.errstate(over="ignore"):
        expected = scores(logits, settings)
    found = scores(torch.from_numpy(logits.copy()), settings).numpy()
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))


def test_filters_by_hand():
    """Top-p without the token that crosses the line; filters applied before the temperature."""
    logits = np.log([0.5, 0.25, 0.15, 0.1])
    plain = SampleSettings()
    two = pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert probabilities(logits, plain) == pytest.approx([0.5, 0.25, 0.15, 0.1])
    assert probabilities(logits, replace(plain, top_k=2)) == two
    assert probabilities(logits, replace(plain, top_p=0.6)) == two
    assert probabilities(logits, replace(plain, min_p=0.4)) == two
    assert probabilities(logits, replace(plain, temp=0)).tolist() == [1, 0, 0, 0]
    squares = np.array([0.25, 0.0625, 0.0225, 0.01])
    assert probabilities(logits, replace(plain, temp=0.5)) == pytest.approx(squares / squares.sum())
    flat = replace(plain, temp=2.0, top_p=0.6)
    assert np.count_nonzero(probabilities(logits, flat)) == 2


def constant(p):
    """A model that gives these probabilities (V,), whatever it has read."""
    model = ModelSettings(width=2, embedding=2, layers=1)
    weights = {name: w * 0 for name, w in CharRNN(model, len(p)).export().items()}
    with np.errstate(divide="ignore"):
        weights["head_bias"] = np.log(np.array(p, np.float32))
    return Player(model, weights)


def test_draws_are_as_frequent_as_their_probabilities():
    """Noise of another shape, an off-by-one, or a token of probability 0 that is drawn."""
    p = [0.0, 0.2, 0.0, 0.5, 0.3, 0.0]
    tokenizer = Characters("abcdef")
    chance = np.random.default_rng(0).random
    drawn = blocks(constant(p), tokenizer, SampleSettings(length=10), 2000, chance)
    counts = np.bincount(next(drawn).ravel(), minlength=6) / 20_000
    assert counts == pytest.approx(p, abs=0.015)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]


def test_texts_written_together_are_independent():
    """Noise that is shared, so that all texts are one."""
    tokenizer = Characters("abcdef")
    settings = SampleSettings(length=50, count=4, prime="fa", stop="bb")
    chance = np.random.default_rng(0).random
    drawn = blocks(constant([1 / 6] * 6), tokenizer, settings, 4, chance)
    found = {written.number: written for written in write_many(tokenizer, settings, drawn)}
    assert sorted(found) == [1, 2, 3, 4]
    assert len({written.text for written in found.values()}) == 4
    for written in found.values():
        assert written.prime == "fa"
        assert "bb" not in written.text
        assert written.stopped or len(written.text) == 50


def test_a_diverged_model_is_an_error_for_one_text_and_for_many():
    """Rubbish that is written as if it were text."""
    tokenizer = Characters("abc")
    player = constant([0.2, 0.3, 0.5])
    player.head_bias[1] = np.nan
    settings = SampleSettings(length=5, count=2)
    with pytest.raises(DivergedError):
        list(write(player, tokenizer, settings))
    chance = np.random.default_rng(0).random
    with pytest.raises(DivergedError):
        list(write_many(tokenizer, settings, blocks(player, tokenizer, settings, 2, chance)))


def test_what_is_left_out_is_never_drawn():
    """A uniform number of 0, whose noise makes all tokens equal."""
    player, settings = constant([0.2, 0.3, 0.5]), SampleSettings(length=4, temp=0)
    drawn = blocks(player, Characters("abc"), settings, 2, np.zeros)
    assert (next(drawn) == 2).all()


def test_texts_of_a_crowd_differ_and_come_again_with_the_seed():
    """Threads that share a seed, or overlap with another one's."""
    model = ModelSettings(width=2, embedding=2, layers=1)
    weights = {name: w * 0 for name, w in CharRNN(model, 6).export().items()}
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        found = []
        for seed in (1, 1, 34):
            settings = SampleSettings(length=30, count=100, seed=seed)
            drawn = crowd.blocks(model, weights, Characters("abcdef"), settings)
            found.append({w.text for w in write_many(Characters("abcdef"), settings, drawn)})
    finally:
        torch.set_num_threads(threads)
    assert len(found[0]) == 100
    assert found[0] == found[1]
    assert not found[0] & found[2]


@pytest.mark.parametrize("count", [1, 3, 150])
def test_a_crowd_writes_what_one_would(count):
    """Texts that a crowd of threads loses, cuts short or gives twice."""
    tokenizer = Characters("abcdef")
    settings = SampleSettings(length=70, count=count, temp=0, prime="fade")
    model = ModelSettings(width=2, embedding=2, layers=1)
    weights = dict(CharRNN(model, 6).export())
    weights["head_bias"] = np.array([0, 0, 50, 0, 0, 0], np.float32)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        drawn = crowd.blocks(model, weights, tokenizer, settings)
        found = list(write_many(tokenizer, settings, drawn))
    finally:
        torch.set_num_threads(threads)
    assert sorted(written.number for written in found) == list(range(1, count + 1))
    assert {written.text for written in found} == {"c" * 70}


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
    never = "".join(write(player, tokenizer, SampleSettings(length=80, seed=3, stop="a" * 60)))
    assert never == whole
    with pytest.raises(TextError, match="'c'"):  # one that cannot come
        next(write(player, tokenizer, SampleSettings(stop="abc")))
