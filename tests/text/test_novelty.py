"""Whether a text stands in a corpus, beside a naive search."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from charrnn.errors import UsageError
from charrnn.text import novelty
from charrnn.text.novelty import Novelty
from charrnn.text.tokenizers import END
from tests.conftest import damage
from tests.text.conftest import make, quiet

DOCUMENTS = st.lists(st.text("abé", min_size=1, max_size=4), min_size=2, max_size=12)
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(
    lines=DOCUMENTS,
    asked=st.lists(st.text("abéx", max_size=4), max_size=8),
    piece=st.sampled_from([3, 1 << 18]),
    one_hash=st.booleans(),
)
@pytest.mark.parametrize("kind", ["char", "byte"])
def test_documents_are_those_of_the_corpus(home, kind, lines, asked, piece, one_hash):
    """A part of a document, or equal hashes, taken for a document; one that is held out missed."""
    (home / "a.txt").write_text("\n".join(lines) + "\n", "utf-8")
    corpus, _ = make("a.txt", tokenizer=kind, document_per="line", split="60/40/0")
    expected = {line for line in lines if line}
    (corpus.folder / "novelty.bin").unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(novelty, "PIECE", piece)
        if one_hash:
            patch.setattr(novelty, "_SPREAD", 0)
        index = Novelty.open(corpus, quiet)
        for text in [*lines, *asked]:
            assert index.occurs(text) == index.occurs(text + END) == (text in expected)
    assert not one_hash or len(set(index.hashes)) <= 1


@FEW
@given(
    text=st.text("abé\n", min_size=4, max_size=60),
    asked=st.lists(st.text("abéx\n", max_size=5), min_size=1, max_size=8),
    cut=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
@pytest.mark.parametrize("kind", ["char", "byte"])
def test_without_documents_any_place_counts(home, kind, text, asked, cut):
    """A text at the border of two pieces, or one that is held out."""
    (home / "a.txt").write_text(text, "utf-8", newline="")
    corpus, _ = make("a.txt", tokenizer=kind, split="60/40/0")
    part = text.encode() if kind == "byte" else text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(novelty, "_SEARCHED", 4)
        index = Novelty.open(corpus, quiet)
        for wanted in [*asked, text[min(cut) : max(cut)]]:
            expected = (wanted.encode() if kind == "byte" else wanted) in part
            assert index.occurs(wanted) == expected, wanted


def test_a_search_finds_whole_tokens_only(home):
    """Two bytes of two neighbours that look like a token of two bytes."""
    letters = "".join(map(chr, range(0x400, 0x400 + 600)))
    (home / "a.txt").write_text(letters + letters[0] + letters[1] * 2, "utf-8")
    corpus, _ = make("a.txt", split="100/0/0")
    index = Novelty.open(corpus, quiet)
    assert corpus.tokens.itemsize == 2
    assert index.occurs(letters[256])
    assert not index.occurs(letters[256] + letters[0])
    assert not index.occurs(letters[256] * 2)


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_documents_of_subwords_stand_and_texts_without_do_not_work(home, kind):
    """An answer that depends on how a text was divided into subwords."""
    lines = [f"the {n} old kings sat by the café" for n in range(300)]
    (home / "a.txt").write_text("\n".join(lines), "utf-8")
    corpus, _ = make("a.txt", tokenizer=kind, vocab_size=300, document_per="line")
    index = Novelty.open(corpus, quiet)
    assert [line for line in lines if not index.occurs(line)] == []
    assert not any(map(index.occurs, [lines[0][1:], lines[0] + "s", ""]))
    plain, _ = make("a.txt", tokenizer=kind, vocab_size=300)
    with pytest.raises(UsageError, match="has no documents") as error:
        Novelty.open(plain, quiet)
    assert "--document-per line" in error.value.hint


def test_an_index_is_kept_and_made_again_where_it_does_not_fit(home):
    """A damaged index, which denies what stands in the text."""
    (home / "a.txt").write_text("\n".join(f"line {n}" for n in range(1000)), "utf-8")
    corpus, _ = make("a.txt", document_per="line")
    events: list[object] = []
    Novelty.open(corpus, events.append)
    assert events
    path = corpus.folder / "novelty.bin"
    intact, kept = path.read_bytes(), []
    assert Novelty.open(corpus, kept.append).occurs("line 7")
    assert kept == []
    for change in (
        damage,
        lambda path: path.write_bytes(b""),
        lambda p: p.write_bytes(intact[:99]),
    ):
        change(path)
        assert Novelty.open(corpus, quiet).occurs("line 7")
        assert path.read_bytes() == intact
    assert Novelty.open(corpus, quiet).occurs("line 950"), "held out"
