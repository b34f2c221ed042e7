"""Lines, documents and tokens of a text have their own losses, and together all of them."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import UsageError
from charrnn.extras.detail.detail import check_per, sections, surprising_spots, symbols
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import END, Bytes, Characters

ALPHABET = "ab é\n" + END


def made(text, kind=Characters):
    """The losses, tokens and tokenizer of a text with documents: the losses are 1, 2, 3 ..."""
    tokenizer = kind.learn([ALPHABET], TextSettings(document_per="line"))
    tokens = tokenizer.encode(text)
    return np.arange(1, len(tokens), dtype=np.float32), tokens, tokenizer


@settings(max_examples=50)
@given(
    text=st.text(ALPHABET, min_size=2, max_size=60),
    kind=st.sampled_from([Characters, Bytes]),
    per=st.sampled_from(["line", "document"]),
)
def test_the_sections_are_all_of_the_text_and_all_of_its_loss(text, kind, per):
    """A last line that is left out; a token that is counted in two lines, or in the wrong one."""
    losses, tokens, tokenizer = made(text, kind)
    found = list(sections(losses, tokens, tokenizer, per))
    cut = text.replace(END, "\n") if per == "line" else text
    expected = cut.split("\n" if per == "line" else END)
    expected = expected[:-1] if not expected[-1] else expected
    assert [s.text for s in found] == [
        # a last document may end with a newline of its own, which ends its last line
        part.replace(END, "\n").removesuffix("\n") if n == len(expected) else part
        for n, part in enumerate(expected, 1)
    ] or per == "document"
    assert [s.number for s in found] == list(range(1, len(expected) + 1))
    assert sum(s.bits for s in found) == pytest.approx(losses.sum() / math.log(2))
    assert sum(s.tokens for s in found) == len(losses)
    if kind is Characters:
        assert [s.tokens for s in found[1:-1]] == [len(part) + 1 for part in expected[1:-1]]
    assert sum(s.characters for s in found) == len(text) - 1


def test_the_figures_of_a_line():
    """Bits of the line before; a perplexity of bits; a line of the unpredicted token alone."""
    losses, tokens, tokenizer = made("\néa\nb")
    first, second, third = sections(losses, tokens, tokenizer, "line")
    assert (first.tokens, first.bits, first.bits_per_character, first.perplexity) == (
        0,
        0,
        None,
        None,
    )
    assert (second.text, second.tokens) == ("éa", 3)
    assert second.bits == pytest.approx((1 + 2 + 3) / math.log(2))
    assert second.bits_per_character == pytest.approx(2 / math.log(2))
    assert second.perplexity == pytest.approx(math.exp(2))
    assert third.bits == pytest.approx(4 / math.log(2))
    assert list(asdict(third)) == [
        "number", "text", "tokens", "characters", "bits", "bits_per_character", "perplexity",
    ]  # fmt: skip


def test_symbols_have_the_text_that_they_complete():
    """A loss beside its neighbour's token; half a character; END on a screen."""
    losses, tokens, tokenizer = made("aé" + END, Bytes)
    found = [(s.position, s.text, s.bits * math.log(2)) for s in symbols(losses, tokens, tokenizer)]
    assert found == [
        (2, "", pytest.approx(1)), (3, "é", pytest.approx(2)), (4, "\n", pytest.approx(3)),
    ]  # fmt: skip


def test_the_most_surprising_spots_come_first_with_their_context():
    """The least surprising ones; a place that is one off; more spots than tokens."""
    losses, tokens, tokenizer = made("ab " * 20)
    losses[[4, 30]] = 99, 100
    found = surprising_spots(losses, tokens, tokenizer)
    assert len(found) == 10
    assert [spot.position for spot in found[:4]] == [32, 6, 60, 59]
    assert (found[1].before, found[1].text, found[1].after[:4]) == ("ab ab", " ", "ab a")
    assert found[0].bits == pytest.approx(100 / math.log(2))
    losses, tokens, tokenizer = made("aé", Bytes)
    assert [spot.text for spot in surprising_spots(losses, tokens, tokenizer)] == ["é", "<0xC3>"]


def test_documents_must_be_there():
    """One document of a whole corpus of lines."""
    with pytest.raises(UsageError):
        check_per("document", Characters("ab"))
    check_per("line", Characters("ab"))
    check_per("document", Characters("ab" + END))
