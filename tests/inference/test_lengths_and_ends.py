"""How long a sampled text is, how it begins and where it ends."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.inference.sampled_texts import sample_many
from charrnn.inference.sampling import sample
from charrnn.settings import SampleSettings, TextSettings
from charrnn.text.tokenizers import TOKENIZERS, Characters
from tests.inference.models import constant, untrained


@pytest.fixture(params=TOKENIZERS)
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
