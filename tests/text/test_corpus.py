"""Prepared corpora: their parts and their ids."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text import corpus as corpus_module
from charrnn.text.corpus import PARTS, Corpus, checked_ids
from charrnn.text.preparation import prepare
from charrnn.text.tokenizers import END, Characters
from tests.text.conftest import make


@given(
    size=st.integers(2, 500),
    percents=st.integers(1, 100).flatmap(
        lambda a: st.integers(0, 100 - a).map(lambda b: (a, b, 100 - a - b))
    ),
)
def test_parts_are_contiguous_and_make_up_the_corpus(size, percents):
    """A token in two parts, or in none: a validation score on training text."""
    text = TextSettings(split="/".join(map(str, percents)))
    tokens = np.arange(size, dtype=np.uint16)
    corpus = Corpus(Path("text-0"), "", Characters("ab"), text, (), tokens)
    joined = np.concatenate([corpus.part(p) for p in PARTS])
    assert joined.tolist() == tokens.tolist()
    for part, percent in zip(PARTS, percents, strict=True):
        assert abs(len(corpus.part(part)) - size * percent / sum(percents)) <= 1


def test_ids_outside_the_vocabulary_are_refused():
    """A flipped bit in tokens.bin that crashes in the embedding, or reads another row."""
    ids = np.array([[0, 5], [6, 2]], np.uint8)
    assert checked_ids(ids, 7) is ids
    assert checked_ids(ids[:0], 7).size == 0
    with pytest.raises(TextError, match="has token 6, and its vocabulary ends at 5"):
        checked_ids(ids, 6)


def test_no_document_is_cut_between_parts(home, monkeypatch):
    """A name whose first half was trained on, and whose second half is scored."""
    monkeypatch.setattr(corpus_module, "_SEARCHED", 3)
    (home / "a.txt").write_text("\n".join(["anna", "bo", "christina", "d", "eve"] * 4))
    corpus, _ = make("a.txt", document_per="line", split="50/25/25")
    decode = corpus.tokenizer.decoder()
    parts = ["".join(decode(int(i)) for i in corpus.part(part)) for part in PARTS]
    assert all(part.endswith(END) for part in parts)
    assert "".join(parts).split(END)[:-1] == ["anna", "bo", "christina", "d", "eve"] * 4
    assert [part.count(END) for part in parts] == [10, 5, 5]


def test_a_bound_stays_where_no_document_ends_after_it(home):
    """A vocabulary with END for a text without: all of it would be training text."""
    (home / "a.txt").write_text("one\ntwo\n" * 10)
    names, _ = make("a.txt", document_per="line")
    (home / "b.txt").write_text("onetwo" * 10)
    plain = prepare(["b.txt"], TextSettings(), None, lambda _: None, vocabulary=names.tokenizer)
    assert [len(plain.part(part)) for part in PARTS] == [54, 3, 3]
