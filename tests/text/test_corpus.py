"""Prepared corpora, of this format and of the one before."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text import corpus as corpus_module
from charrnn.text.corpus import PARTS, checked_ids
from charrnn.text.corpus_files import FORMAT, find_corpus, list_corpora, open_corpus
from charrnn.text.keys import corpus_key
from charrnn.text.preparation import prepare
from charrnn.text.tokenizers import END
from tests.conftest import tale
from tests.text.conftest import make

OLD = Path(__file__).parent / "format1"
OLD_KEY = "bd6b4953819916e5b5a08862bb0c5973f060ad975706dc5f72f35acf9052b1d7"


@given(
    size=st.integers(2, 500),
    percents=st.integers(1, 100).flatmap(
        lambda a: st.integers(0, 100 - a).map(lambda b: (a, b, 100 - a - b))
    ),
)
def test_parts_are_contiguous_and_make_up_the_corpus(tmp_path_factory, size, percents):
    """A token in two parts, or in none: a validation score on training text."""
    folder = tmp_path_factory.getbasetemp() / "split"
    os.environ["CHARRNN_HOME"] = str(folder)
    try:
        folder.mkdir(exist_ok=True)
        path = folder / f"{size}.txt"
        path.write_text("".join(chr(33 + i) for i in range(size)))
        corpus, _ = make(path, split="/".join(map(str, percents)))
    finally:
        del os.environ["CHARRNN_HOME"]
    joined = np.concatenate([corpus.part(p) for p in PARTS])
    assert joined.tolist() == corpus.tokens.tolist()
    for part, percent in zip(PARTS, percents, strict=True):
        assert abs(len(corpus.part(part)) - size * percent / sum(percents)) <= 1


def test_a_damaged_corpus_is_refused_and_not_found(home):
    """Half a file of tokens that is trained on; a damaged corpus that hides an intact one."""
    (home / "a.txt").write_text(tale(500))
    corpus, _ = make("a.txt")
    shutil.copytree(corpus.folder, corpus.folder.with_name(f"other-{corpus.key[:8]}"))
    (corpus.folder / "tokens.bin").write_bytes(b"\1\2")
    with pytest.raises(TextError, match=r"is not a prepared corpus: .* not as long") as error:
        open_corpus(corpus.folder)
    assert "prepare the text again" in error.value.hint
    assert find_corpus(corpus.key).name == "other"
    assert [found.name for found in list_corpora()] == ["other"]


@pytest.mark.parametrize("number", [0, 4, "2", None])
def test_a_corpus_of_an_unknown_format_is_refused(home, number):
    """The corpus of a later version, read as if it were of this one."""
    (home / "a.txt").write_text(tale(500))
    corpus, _ = make("a.txt")
    path = corpus.folder / "corpus.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": number}))
    with pytest.raises(TextError, match="is not a prepared corpus"):
        open_corpus(corpus.folder)


def test_ids_outside_the_vocabulary_are_refused():
    """A flipped bit in tokens.bin that crashes in the embedding, or reads another row."""
    ids = np.array([[0, 5], [6, 2]], np.uint8)
    assert checked_ids(ids, 7) is ids
    assert checked_ids(ids[:0], 7).size == 0
    with pytest.raises(TextError, match="has token 6, and its vocabulary ends at 5"):
        checked_ids(ids, 6)


def test_prepared_corpora_are_listed_with_what_tells_them_apart(home):
    """A list of names alone; one name for two corpora."""
    (home / "a.txt").write_text("hello")
    (home / "b.txt").write_text("héllo wörld")
    for arguments in ({"tokenizer": "char"}, {"tokenizer": "byte"}):
        make("a.txt", **arguments)
    make("a.txt", "b.txt", name="both")
    first, second, third = list_corpora()
    assert {first.name, second.name} == {Path(first.path).name, Path(second.path).name}
    assert {(c.tokenizer, c.vocabulary_size, c.tokens) for c in (first, second)} == {
        ("char", 4, 5), ("byte", 256, 5),
    }  # fmt: skip
    assert (third.name, third.tokens, third.sources) == ("both", 16, ("a.txt", "b.txt"))
    assert open_corpus(Path(third.path)).name == "both"


@pytest.fixture
def old(home):
    """A corpus of format 1, made by charrnn before it had format 2, where corpora lie."""
    shutil.copytree(OLD / "old-bd6b4953", home / "corpora" / "old-bd6b4953")
    shutil.copy(OLD / "old.txt", home)
    return home / "corpora" / "old-bd6b4953"


def test_a_corpus_of_format_1_is_read(old):
    """Every corpus prepared again after an update."""
    corpus = open_corpus(old)
    decode = corpus.tokenizer.decoder()
    text = (OLD / "old.txt").read_bytes().decode()
    assert "".join(decode(int(i)) for i in corpus.tokens) == text
    assert (corpus.text.encoding, corpus.text.split, corpus.sources) == (
        "utf-8",
        "90/5/5",
        ("old.txt",),
    )


def test_a_corpus_of_format_1_keeps_its_key(old):
    """Runs that no longer find the corpus that they were trained on."""
    assert find_corpus(OLD_KEY).folder == old.resolve()
    assert corpus_key(OLD / "old.txt", TextSettings()) == OLD_KEY
    corpus, reused = make("old.txt")
    assert reused
    assert (corpus.key, corpus.folder) == (OLD_KEY, old.resolve())


def test_a_corpus_of_format_1_is_divided_anew(old):
    """A file of two formats at once, which neither version reads."""
    corpus, reused = make("old.txt", split="50/50/0")
    assert reused
    assert open_corpus(old).text.split == corpus.text.split == "50/50/0"
    data = json.loads((old / "corpus.json").read_text())
    shutil.rmtree(old)
    make("old.txt", split="50/50/0")
    assert data == json.loads((old / "corpus.json").read_text())
    assert data["format"] == FORMAT


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
