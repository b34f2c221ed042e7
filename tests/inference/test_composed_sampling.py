"""Prompts, stops, schedules, penalties, bits, selections and dialogues."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError, UsageError
from charrnn.inference.dialogue import Dialogue
from charrnn.inference.drawing import penalized
from charrnn.inference.sampled_texts import SampledText, sample_many, sample_prompts
from charrnn.inference.sampling import Prompt, TextBuilder, generator_of, sample, sample_after
from charrnn.inference.selection import select
from charrnn.settings import SampleSettings, TextSettings
from charrnn.text.tokenizers import END, TOKENIZERS, Characters
from tests.inference.models import constant, untrained
from tests.inference.test_sampling import LETTERS

NAMES = Characters("ab" + END)


def built(text, settings, tokenizer=LETTERS):
    """(what is shown of a text, what ended it)."""
    builder, shown = TextBuilder(tokenizer, settings), ""
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
        read, generator = Prompt(network, LETTERS, prompt), generator_of(3, number)
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
    logits = np.array([2.0, -1.0, 3.0, -0.5])
    found = penalized(logits, np.array([-1, 0, 1]), 2.0)
    assert found.tolist() == [1.0, -2.0, 3.0, -0.5]
    plain = "".join(sample(constant([0.97, 0.01, 0.01, 0.01]), Characters("abcd"), replace(
        settings, temp=1.0, length=300)))  # fmt: skip
    assert plain.count("a") > 270


def test_unique_and_novel_texts_are_drawn_on():
    """Fewer texts than were asked for, or one that was to be refused."""

    def some(numbers):
        texts = ["a", "b", "a", "c", "b", "d"]
        return (SampledText(n + 1, "", texts[n % 6], 1, None, "length") for n in numbers)

    class Training:
        def occurs(self, text):
            return text == "c"

    events = []
    settings = SampleSettings(count=3, unique=True, novel=True)
    found = list(select(some, settings, Training(), events.append))
    assert [(text.number, text.text) for text in found] == [(1, "a"), (2, "b"), (3, "d")]
    assert not events
    assert len(list(select(some, replace(settings, count=4), Training(), events.append))) == 3
    assert events[0].message == "Only 3 of 4 texts were found in 80 samples."


def test_a_dialogue_continues_its_text():
    """A network that reads its own answer twice, or forgets it; an undo that undoes half."""
    network, settings = untrained(), SampleSettings(length=12)
    dialogue = Dialogue(network, LETTERS)
    dialogue.read("abc")
    answer = "".join(dialogue.write(settings, np.random.default_rng(1)))
    assert dialogue.text == "abc" + answer
    again = "".join(dialogue.write(settings, np.random.default_rng(2)))
    whole = Prompt(network, LETTERS, "abc" + answer)
    expected = "".join(sample_after(network, LETTERS, whole, settings, np.random.default_rng(2)))
    assert again == expected
    dialogue.undo()
    assert dialogue.text == "abc" + answer
    with pytest.raises(TextError):
        dialogue.read("xyz")
    assert dialogue.text == "abc" + answer
    stopped = dialogue.write(settings, np.random.default_rng(2))
    taken = next(stopped)
    stopped.close()
    assert dialogue.text == "abc" + answer + taken
    dialogue.reset()
    assert dialogue.text == ""


def test_a_streamed_text_is_cut_between_characters():
    """Half a character at the border of two pieces, or at the end."""
    text = "naïve café 日本 “so” " * 30
    tokenizer = TOKENIZERS["bpe"].learn([text], TextSettings(tokenizer="bpe", vocab_size=320))
    network = untrained(vocabulary_size=tokenizer.size)
    pieces = list(sample(network, tokenizer, SampleSettings(length=400, seed=1)))
    assert len("".join(pieces)) == 400
    assert all(piece.encode().decode() == piece for piece in pieces)
