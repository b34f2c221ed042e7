"""Drawing tokens and sampling texts, by NumPy and by torch."""

from dataclasses import replace

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.cells import CELLS
from charrnn.errors import DivergedError
from charrnn.evaluation import batch_sampling
from charrnn.events import Noticed, Progress
from charrnn.inference import sampled_texts, sampling
from charrnn.inference.drawing import draw
from charrnn.inference.sampled_texts import sample_many, sample_prompts
from charrnn.inference.sampling import generator_of, read_prompt, sample, sample_after
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Characters
from tests.inference.models import BACKENDS, LETTERS, constant, untrained


@pytest.fixture
def three_threads():
    """torch with several threads, whatever the machine has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("backend", BACKENDS)
def test_draws_are_as_frequent_as_their_probabilities(backend):
    """Noise of another shape, an off-by-one, or a token of probability 0 that is drawn."""
    p = [0.0, 0.2, 0.0, 0.5, 0.3, 0.0]
    settings = SampleSettings(length=10, count=2000, seed=0)
    texts = "".join(t.text for t in BACKENDS[backend](constant(p), LETTERS, settings))
    assert len(texts) == 20_000
    assert [texts.count(letter) / 20_000 for letter in "abcdef"] == pytest.approx(p, abs=0.015)
    assert not set(texts) & set("acf")


@pytest.mark.parametrize("backend", BACKENDS)
def test_texts_sampled_together_are_independent(backend):
    """Noise that is shared, so that all texts are one."""
    settings = SampleSettings(length=50, count=9, prompt="fa", stop="bb", seed=1)
    texts = list(BACKENDS[backend](constant([1 / 6] * 6), LETTERS, settings))
    assert sorted(text.number for text in texts) == list(range(1, 10))
    assert len({text.text for text in texts}) == 9
    for text in texts:
        assert text.prompt == "fa"
        assert "bb" not in text.text
        assert text.ended == "stop" or len(text.text) == 50


@hypothesis.settings(max_examples=40)
@given(
    cell=st.sampled_from(sorted(CELLS)),
    count=st.integers(1, 20),
    length=st.integers(1, 150),
    seed=st.integers(0, 2**63 - 1),
    filters=st.sampled_from([{}, {"top_k": 3}, {"top_p": 0.8}, {"min_p": 0.1}, {"temp": 0.7}]),
)
def test_one_seed_one_text(cell, count, length, seed, filters):
    """Texts of a seed that depend on how many are sampled, or on how long they are to be."""
    network = untrained(cell)
    settings = SampleSettings(length=200, seed=seed, **filters)
    alone = "".join(sample(network, LETTERS, settings))
    most = {t.number: t.text for t in sample_many(network, LETTERS, replace(settings, count=20))}
    assert most[1] == alone
    shorter = replace(settings, count=count, length=length)
    for text in sample_many(network, LETTERS, shorter):
        assert text.text == most[text.number][:length]


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_text_alone_has_the_logits_of_the_streamed_one_bit_by_bit(cell):
    """Text 0 that is another text with --count 2."""
    network = untrained(cell, hidden_size=48)
    state, many = network.zero_state(), network.zero_state(3, 1)
    for token in (2, 5, 0):
        logits, state = network.step(token, state)
        of_many, many = network.step(np.full((3, 1), token), many)
        np.testing.assert_array_equal(of_many[1, 0], logits)


def test_text_0_has_the_numbers_of_default_rng():
    """A change of what a seed means."""
    noise = -np.log(-np.log(np.random.default_rng(42).random((40, 6)) + 1e-30))
    p = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.1], np.float32)
    expected = "".join("abcdef"[n] for n in (np.log(p) + noise).argmax(1))
    assert "".join(sample(constant(p), LETTERS, SampleSettings(length=40, seed=42))) == expected


def test_texts_of_neighbouring_seeds_differ():
    """Text 1 of a seed that is text 0 of another one."""
    network, found = constant([1 / 6] * 6), []
    for seed in (5, 6, 5 + 2**32, 5 + 2**33):
        settings = SampleSettings(length=40, count=9, seed=seed)
        found += [text.text for text in sample_many(network, LETTERS, settings)]
    assert len(set(found)) == 36


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_seed_each_call_gives_other_texts(backend):
    """A seed of None that is a seed, or one for all texts."""
    network, settings = constant([1 / 6] * 6), SampleSettings(length=40, count=3)
    found = [t.text for _ in range(2) for t in BACKENDS[backend](network, LETTERS, settings)]
    assert len(set(found)) == 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_diverged_model_is_an_error_for_one_text_and_for_many(backend):
    """Nonsense that is shown as if it were text."""
    network = constant([0.2, 0.3, 0.5])
    network.weights["head.bias"][1] = np.nan
    settings = SampleSettings(length=5, count=2)
    with pytest.raises(DivergedError):
        list(sample(network, Characters("abc"), settings))
    with pytest.raises(DivergedError):
        list(BACKENDS[backend](network, Characters("abc"), settings))


def test_what_is_left_out_is_never_drawn():
    """A uniform number of 0, whose noise makes all tokens equal."""
    network, settings = constant([0.2, 0.3, 0.5]), SampleSettings(length=4, temp=0)
    prompt = sampling.read_prompt(network, Characters("abc"), "")
    tables = sampling.token_tables(Characters("abc"), settings)
    drawn = draw(network, prompt, settings, np.zeros, tables)
    assert all(next(drawn).ids == 2 for _ in range(4))


def test_texts_of_torch_come_again_with_the_seed(three_threads):
    """Threads that share a seed, or overlap with another one's."""
    network, found = constant([1 / 6] * 6), []
    for seed in (1, 1, 34):
        settings = SampleSettings(length=30, count=100, seed=seed)
        found.append({t.text for t in batch_sampling.sample_many(network, LETTERS, settings)})
    assert len(found[0]) == 100
    assert found[0] == found[1]
    assert not found[0] & found[2]


@pytest.mark.parametrize("seed", [None, 3])
def test_torch_says_that_its_texts_are_others(seed):
    """A person who takes the texts of a seed for the same."""
    events, settings = [], SampleSettings(length=3, count=2, seed=seed)
    network = constant([0.5, 0.5])
    list(batch_sampling.sample_many(network, Characters("ab"), settings, events.append))
    notices = [event.message for event in events if isinstance(event, Noticed)]
    assert notices == ([batch_sampling.DIFFERS] if seed else [])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 3, 150])
def test_many_texts_are_what_one_would_be(three_threads, backend, count):
    """Texts that a thread loses, cuts short or gives twice."""
    network = constant([1e-9, 1e-9, 1.0, 1e-9, 1e-9, 1e-9])
    settings = SampleSettings(length=70, count=count, temp=0, prompt="fade")
    found = list(BACKENDS[backend](network, LETTERS, settings))
    assert sorted(text.number for text in found) == list(range(1, count + 1))
    assert {text.text for text in found} == {"c" * 70}


def test_both_backends_continue_the_prompt(three_threads):
    """A prompt that one of them does not read; weights that are another network's."""
    network = untrained("lstm", scale=3.0)
    settings = SampleSettings(length=60, count=70, temp=0, prompt="fade")
    texts = {t.text for many in BACKENDS.values() for t in many(network, LETTERS, settings)}
    assert texts == {"".join(sample(network, LETTERS, settings)).removeprefix("fade")}


@pytest.mark.parametrize("backend", BACKENDS)
def test_progress_is_reported_to_the_end(monkeypatch, backend):
    """A count that starts again with every group of texts."""
    monkeypatch.setattr(sampled_texts, "_TEXTS", 4)
    events, settings = [], SampleSettings(length=130, count=10, seed=1)
    list(BACKENDS[backend](constant([0.5, 0.5]), Characters("ab"), settings, events.append))
    done = [(e.done, e.total) for e in events if isinstance(e, Progress)]
    assert done == sorted(done)
    assert done[0][0] < 1300 / 3 < 1300 * 2 / 3 - 50 < done[-1][0] <= 1300
    assert {total for _, total in done} == {1300}


@pytest.mark.parametrize("extra", [{}, {"temp": "1.5:0.2"}, {"repetition_penalty": 1.7}])
def test_prompts_are_answered_as_each_would_be_alone(extra):
    """Texts that depend on which prompts happened to come together."""
    network = untrained("gru")
    settings = SampleSettings(length=30, seed=3, **extra)
    prompts = ["a", "fed", "", "bbbbbb"]
    together = list(sample_prompts(network, LETTERS, settings, [prompts], bits=True))
    apart = list(sample_prompts(network, LETTERS, settings, [[text] for text in prompts]))
    assert [text.text for text in together] == [text.text for text in apart]
    assert [text.number for text in together] == [1, 2, 3, 4]
    for number, prompt in enumerate(prompts):
        read, generator = read_prompt(network, LETTERS, prompt), generator_of(3, number)
        alone = "".join(sample_after(network, LETTERS, read, settings, generator))
        assert together[number].text == alone


def test_bits_are_those_of_the_model_and_not_of_the_temperature():
    """Bits that belittle a text because it was drawn at a low temperature."""
    settings = SampleSettings(length=20, temp=0.3, seed=1, count=3)
    for text in sample_many(constant([0.5, 0.25, 0.25]), Characters("abc"), settings, bits=True):
        expected = sum(1 if letter == "a" else 2 for letter in text.text)
        assert text.bits == pytest.approx(expected, abs=1e-3)
        assert text.tokens == 20


def test_a_temperature_that_falls_and_a_penalty():
    """A schedule that goes the wrong way; a penalty that makes tokens likelier."""
    network, letters = constant([0.7, 0.3]), Characters("ab")
    settings = SampleSettings(length=4000, temp="3:0.05", seed=2)
    text = "".join(sample(network, letters, settings))
    assert 0.3 < text[:500].count("b") / 500 < 0.6
    assert text[-500:].count("b") < 30
    plain = "".join(sample(constant([0.97, 0.01, 0.01, 0.01]), Characters("abcd"), replace(
        settings, temp=1.0, length=300)))  # fmt: skip
    assert plain.count("a") > 270
