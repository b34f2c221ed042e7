"""Prefix beam search, beside all labellings of tiny cases, with and without a language model."""

from itertools import chain, product

import numpy as np
import pytest

from charrnn.errors import UsageError
from charrnn.inference import ctc_search as ctc_module
from charrnn.inference.ctc_search import ctc_search, labelling
from charrnn.inference.decoding import Decoding
from charrnn.inference.fusion import Fusion
from charrnn.inference.search import log_probabilities
from charrnn.models.text_model import TextModel
from charrnn.network.ctc import log_probability
from charrnn.text.tokenizers import Characters
from tests.random_models import random_checkpoint

K, T = 3, 5
FRAMES = np.array([5, 3, 4])
LOGITS = 2 * np.random.default_rng(4).normal(size=(T, 3, K + 1)).astype(np.float32)
TEXTS = [s for n in range(T + 1) for s in product(range(1, K + 1), repeat=n)]
NAMES = ["a", "b", "c"]


def language_model(text="\nabc"):
    """One of random weights."""
    return TextModel(random_checkpoint(Characters(text), scale=0.8))


def probabilities(source):
    """The log-probability of each labelling of a source that has an alignment."""
    logs = log_probabilities(LOGITS[: FRAMES[source], source]).astype(float)
    symbols = np.array([[*text, *[0] * (T - len(text))] for text in TEXTS]).T
    frames, lengths = np.full(len(TEXTS), len(logs)), np.array([*map(len, TEXTS)])
    every = log_probability(np.repeat(logs[:, None], len(TEXTS), 1), frames, symbols, lengths)
    found = zip(TEXTS, every.tolist(), strict=True)
    return {text: value for text, value in found if value > -np.inf}


def test_a_wide_beam_finds_every_text_in_its_order():
    """Prefixes that are joined wrongly or twice; a source that another one's frames lengthen."""
    found = ctc_search(LOGITS, FRAMES, Decoding(400))
    for source, texts in enumerate(found):
        every = probabilities(source)
        assert [tuple(text.symbols) for text in texts] == sorted(every, key=lambda t: -every[t])
        for text in texts:
            assert text.log_probability == pytest.approx(every[tuple(text.symbols)], abs=1e-5)
            assert text.positions == sorted(text.positions)
            assert text.attention.shape == (len(text.symbols), FRAMES[source])
            assert text.attention.sum(1) == pytest.approx(1)


def test_the_bound_of_memory_changes_nothing(monkeypatch):
    """Texts of another source, where they are computed a few at a time."""
    together = ctc_search(LOGITS, FRAMES, Decoding(4))
    monkeypatch.setattr(ctc_module, "_VALUES", 1)
    for many, few in zip(together, ctc_search(LOGITS, FRAMES, Decoding(4)), strict=True):
        for one, other in zip(many, few, strict=True):
            assert (one.symbols, one.positions) == (other.symbols, other.positions)
            assert one.log_probability == pytest.approx(other.log_probability)
            assert one.attention == pytest.approx(other.attention)


def test_texts_without_positions_are_the_same_ones(monkeypatch):
    """Gigabytes for a long line of which only the text is asked, or a machine that they fill."""
    placed = ctc_search(LOGITS, FRAMES, Decoding(4))
    plain = ctc_search(LOGITS, FRAMES, Decoding(4, positions=False))
    monkeypatch.setattr(ctc_module, "_MOST", -1)
    long = ctc_search(LOGITS, FRAMES, Decoding(4))
    for texts in zip(*(chain(*found) for found in (placed, plain, long)), strict=True):
        assert len({(*text.symbols, text.log_probability) for text in texts}) == 1
        assert [text.positions is None for text in texts] == [False, True, True]


def test_a_language_model_counts_as_much_as_its_weight():
    """A language model that is read after another prefix, or without the end of a text."""
    model = language_model()
    fusion = Fusion(model, 0.7, NAMES)
    found = ctc_search(LOGITS, FRAMES, Decoding(400), fusion=fusion)
    for source, texts in enumerate(found):
        every = probabilities(source)
        score = {text: value + 0.7 * by_hand(model, text) for text, value in every.items()}
        assert [tuple(text.symbols) for text in texts] == sorted(score, key=lambda t: -score[t])
        assert texts[0].log_probability == pytest.approx(every[tuple(texts[0].symbols)], abs=1e-5)
    assert fusion.total([2, 1]) == pytest.approx(0.7 * by_hand(model, (2, 1)), abs=1e-5)


def by_hand(model, text):
    """The log-probability of a line, token by token."""
    ids = model.tokenizer.encode("\n" + "".join(NAMES[n - 1] for n in text) + "\n")
    state, total = model.network.zero_state(), 0.0
    for before, token in zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True):
        logits, state = model.network.step(before, state)
        total += log_probabilities(logits.astype(float))[token]
    return total


@pytest.mark.parametrize("beam", [1, 2, 5])
def test_a_source_alone_is_as_in_a_batch(beam):
    """A beam that depends on the sources beside it."""
    fusion = Fusion(language_model(), 0.3, NAMES) if beam < 5 else None
    together = ctc_search(LOGITS, FRAMES, Decoding(beam), fusion=fusion)
    for source, frames in enumerate(FRAMES.tolist()):
        logits = LOGITS[:frames, source : source + 1]
        (alone,) = ctc_search(logits, np.array([frames]), Decoding(beam), fusion=fusion)
        for mine, other in zip(alone, together[source], strict=True):
            assert (mine.symbols, mine.positions) == (other.symbols, other.positions)
            assert mine.attention == pytest.approx(other.attention[:, :frames])


def test_the_likeliest_alignment_and_those_that_are_drawn():
    """Blanks or repeats that stay; draws of another distribution than the network's."""
    assert labelling(np.array([0, 1, 1, 0, 1, 2, 2, 0])) == [1, 1, 2]
    for (text,), path, frames in zip(
        ctc_search(LOGITS, FRAMES, Decoding()), LOGITS.argmax(-1).T, FRAMES, strict=True
    ):
        assert text.symbols == labelling(path[:frames])
    every, count = probabilities(1), 2000
    generators = [np.random.default_rng(n) for n in range(count)]
    logits = np.repeat(LOGITS[:, 1:2], count, 1)
    drawn = ctc_search(logits, np.full(count, 3), Decoding(temp=1.0), generators)
    likeliest = max(every, key=lambda text: every[text])
    share = np.mean([tuple(text.symbols) == likeliest for (text,) in drawn])
    assert share == pytest.approx(np.exp(every[likeliest]), abs=0.04)


def test_nothing_but_blanks_is_an_empty_text():
    """A network that has not learned yet, which fails where it writes nothing."""
    logits = np.zeros((4, 1, K + 1), np.float32)
    logits[..., 0] = 5
    for decoding in (Decoding(), Decoding(2)):
        text = ctc_search(logits, np.array([4]), decoding, per_position=2)[0][0]
        assert (text.symbols, text.positions, text.attention.shape) == ([], [], (0, 2))


def test_a_language_model_that_lacks_symbols_is_refused():
    """A symbol that takes the probability of another one."""
    with pytest.raises(UsageError, match="no token for 'ä'"):
        Fusion(language_model(), 0.3, ["a", "ä"])
