"""Figures of corpora, on texts whose figures are known."""

import itertools
import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.extras.statistics.statistics import (
    Member,
    duplicated_part,
    entropy,
    entropy_by_order,
    statistics,
)
from charrnn.settings import TextSettings
from charrnn.text import novelty
from charrnn.text.tokenizers import END, TOKENIZERS
from tests.text.conftest import make, quiet


def tokenized(text, kind="char", **settings):
    """The tokens of a text, and its tokenizer."""
    tokenizer = TOKENIZERS[kind].learn([text], TextSettings(tokenizer=kind, **settings))
    return tokenizer.encode(text), tokenizer


def test_the_entropy_of_a_fair_die_and_of_a_biased_coin():
    """Nats for bits; a token that never occurs."""
    assert entropy(np.array([7] * 8 + [0])) == pytest.approx(3)
    assert entropy(np.array([1, 3])) == pytest.approx(2 - 0.75 * math.log2(3))


def test_a_period_is_known_from_its_order_on():
    """A context of one token too many, or too few."""
    tokens, tokenizer = tokenized("aab" * 3000)
    found = entropy_by_order(tokens, tokenizer, 4, quiet)
    assert found[0] == pytest.approx(math.log2(3) - 2 / 3)
    assert found[1] == pytest.approx(2 / 3, abs=1e-3)  # after a: a or b; after b: a
    assert found[2:] == pytest.approx([0, 0, 0], abs=1e-9)


def test_all_orders_of_a_source_without_memory_are_its_entropy():
    """Blocks of different contexts that get one number."""
    text = "".join(random.Random(1).choices("abcd", [8, 4, 2, 2], k=200_000))
    found = entropy_by_order(*tokenized(text), 3, quiet)
    assert found == pytest.approx([1.75] * 4, abs=0.01)


@given(text=st.text("abc\n", min_size=1, max_size=40), order=st.integers(0, 3))
def test_the_entropy_is_that_of_counted_contexts(text, order):
    """Any mistake of the numbering of blocks."""
    pairs = Counter((text[i - order : i], text[i]) for i in range(order, len(text)))
    contexts = Counter()
    for (context, _), times in pairs.items():
        contexts[context] += times
    total = pairs.total()
    expected = -sum(n / max(1, total) * math.log2(n / contexts[c]) for (c, _), n in pairs.items())
    found = entropy_by_order(*tokenized(text), 3, quiet)
    assert len(found) == min(4, len(text))
    if order < len(text):
        assert found[order] == pytest.approx(expected, abs=1e-9)


def test_entropy_is_per_character_or_byte_whatever_the_tokens_are():
    """Bits per token of subwords beside bits per character."""
    text = "éa" * 500
    for kind, expected in (("char", 1.0), ("byte", 1.585)):
        (found,) = entropy_by_order(*tokenized(text, kind), 0, quiet)
        assert found == pytest.approx(expected, abs=0.01)


@given(lines=st.lists(st.text("ab", max_size=3), max_size=30), piece=st.integers(1, 20))
@pytest.mark.parametrize("kind", ["char", "byte"])
@pytest.mark.parametrize("end", ["\n", END])
def test_duplicates_are_those_that_a_set_finds(kind, end, lines, piece):
    """A line cut where the text is read in pieces; blank lines counted; the first one counted."""
    text = end.join(["xé", *lines])
    seen, again, total = set(), 0, 0
    for line in ["xé", *lines]:
        again += len(line) * (line in seen)
        total += len(line)
        seen.add(line)
    settings = {"document_per": "line"} if end == END else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(novelty, "PIECE", piece)
        found = duplicated_part(*tokenized(text, kind, **settings))
    assert found == pytest.approx(again / total)


def test_the_figures_of_a_corpus(home):
    """A line's end or a document's counted twice; counts of the training part alone."""
    (home / "a.txt").write_text("one\ntwo é\none\n", "utf-8")
    corpus, _ = make("a.txt", split="50/50/0")
    found = statistics(corpus, quiet)
    assert (found.characters, found.bytes, found.tokens) == (14, 15, 14)
    assert (found.lines, found.documents, found.unused) == (3, 0, 0)
    assert found.parts == {"train": 7, "valid": 7, "test": 0}
    assert found.frequent[:2] == [Member("\n", 3), Member("o", 3)]
    assert {m.symbol for m in found.rarest if m.times == 1} == {" ", "t", "w", "é"}
    assert found.duplicated == pytest.approx(3 / 11)
    assert found.baselines.keys() >= {"zlib", "bz2", "xz"}


@pytest.mark.parametrize("kind", ["char", "byte", "bpe", "unigram"])
def test_every_tokenizer_gives_the_same_sizes_and_duplicates(home, kind):
    """Tokens counted for characters or lines; END in what a machine reads."""
    lines = [" ".join(p) for p in itertools.permutations(["der", "König", "saß", "am", "Meer"])]
    text = "".join(f"{line}\n" for line in [*lines, *lines[:40]])
    (home / "a.txt").write_text(text, "utf-8")
    corpus, _ = make("a.txt", tokenizer=kind, vocab_size=300, document_per="line")
    found = statistics(corpus, quiet)
    assert (found.characters, found.bytes) == (len(text), len(text.encode()))
    assert (found.lines, found.documents) == (160, 160)
    assert found.duplicated == pytest.approx(40 / 160)
    assert found.unit == ("byte" if kind == "byte" else "character")
    assert END not in str(found.record())
    (home / "b.txt").write_text("a\nb\n", "utf-8")
    corpus, _ = make("b.txt", tokenizer=kind, vocab_size=300, document_per="line")
    assert "end of document" in str(statistics(corpus, quiet).record()["frequent"])
