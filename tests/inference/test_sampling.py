"""Drawing tokens and sampling texts, by NumPy and by torch."""

import string
from dataclasses import replace
from functools import partial

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
from charrnn.inference.blocks import SampledText
from charrnn.inference.drawing import Prompt, draw, mapped
from charrnn.inference.sampled_texts import sample_many, sample_prompts
from charrnn.inference.sampling import generator_of, read_prompt, sample, sample_after
from charrnn.settings import SampleSettings, TextSettings
from charrnn.text.tokenizers import TOKENIZERS, Characters
from tests.inference.models import BACKENDS, LETTERS, constant, untrained


def put(row, rows, array):
    """An array in the place of one of many."""
    if rows.ndim > 1:
        rows[0, row] = array
    return rows


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


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_row_rounds_alike_whatever_stands_beside_it(cell, residual):
    """A BLAS by whose products a text would depend on the others, or on the row that it got.

    It is a promise of no BLAS, and shown here for the one of this machine.
    """
    letters, rng = Characters(string.ascii_letters[:30]), np.random.default_rng(1)
    network = untrained(cell, vocabulary_size=30, hidden_size=72, residual=residual)
    prompts = [read_prompt(network, letters, letter) for letter in letters.symbols]
    for rows in sorted({*sampled_texts.ROWS.values()} - {1}):
        texts, state, found = rng.integers(0, 30, (9, rows)), network.zero_state(1, rows), []
        for ids in texts[:4]:
            logits, state = network.step(ids[None], state)
        same, places = np.arange(rows) < rows // 2, rng.permutation(rows)
        others = np.where(same, texts, rng.integers(0, 30, texts.shape))[:, places]
        for ids in (texts, others):
            prompt = mapped(lambda array: array.copy(order="K"), Prompt(logits, state, logits))
            for row, first in enumerate(ids[4]):
                mapped(partial(put, row), prompt, prompts[first]._replace(recent=logits[0, 0]))
            now = prompt.state
            for step in ids[5:]:
                after, now = network.step(step[None], now)
            found.append(after[0])
        np.testing.assert_array_equal(found[1][same[places]], found[0][places[same[places]]])


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_text_alone_has_the_logits_of_the_streamed_one_bit_by_bit(cell):
    """Text 0 that is another text with --count 2."""
    network = untrained(cell, hidden_size=48)
    state, many = network.zero_state(), network.zero_state(3, 1)
    for token in (2, 5, 0):
        logits, state = network.step(token, state)
        of_many, many = network.step(np.full((3, 1), token), many)
        np.testing.assert_array_equal(of_many[1, 0], logits)


@pytest.mark.parametrize("settings", [
    SampleSettings(length=60, temp="1.2:0.6"), SampleSettings(length=60, repetition_penalty=1.5),
    SampleSettings(length=60, top_p=0.9), SampleSettings(length=60, stop=("ab", "f")),
])  # fmt: skip
def test_a_text_is_the_same_among_few_and_many_in_any_order(settings):
    """What a row keeps of the text that ended in it; texts that depend on how many there are."""
    network, settings = untrained(hidden_size=48), replace(settings, seed=4)
    found: dict[int, set[SampledText]] = {}
    for numbers in (range(600), range(33), range(2), [520, 70, 20, 599, 0, 64], range(15, 200)):
        texts = [*sample_many(network, LETTERS, settings, numbers=numbers, bits=True)]
        assert [text.number - 1 for text in texts] == [*numbers]
        for text in texts:
            found.setdefault(text.number, set()).add(text)
    assert all(len(texts) == 1 for texts in found.values())
    alone = "".join(sample(network, LETTERS, settings))
    assert {text.text for text in found[1]} == {alone}


def test_texts_of_bytes_are_whole_characters_in_any_row():
    """A row that goes on in the middle of the character of the text before."""
    tokenizer = TOKENIZERS["byte"].learn(["aé日"], TextSettings(tokenizer="byte"))
    network = untrained(vocabulary_size=tokenizer.size)
    settings = SampleSettings(length=9, count=120, seed=1, stop="a")
    few = [*sample_many(network, tokenizer, settings, numbers=range(60, 90))]
    many = [*sample_many(network, tokenizer, settings)]
    assert many[60:90] == few
    assert not any("\ufffd" in text.text for text in many[:-1])


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_texts_do_not_depend_on_the_machine(monkeypatch, cores):
    """Texts of a seed that depend on how they are split between threads, or into groups."""
    network, settings = untrained("gru"), SampleSettings(length=90, count=33, seed=7)
    expected = {t.number: t.text for t in sample_many(network, LETTERS, settings)}
    monkeypatch.setattr(sampled_texts, "_cores", lambda: cores)
    monkeypatch.setattr(sampled_texts, "_TEXTS", 10)
    found = {t.number: t.text for t in sample_many(network, LETTERS, settings)}
    assert found == expected
    assert len(set(found.values())) == 33


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
