"""Preparing texts: what a corpus is made of, when it is found again, and what goes wrong."""

import hashlib
import json
import os
import tracemalloc

import pytest

from charrnn.errors import TextError, UsageError
from charrnn.events import Noticed
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings
from charrnn.text.corpus import PARTS
from charrnn.text.corpus_files import open_corpus
from charrnn.text.preparation import content_key, corpus_key, prepare
from tests.conftest import tale
from tests.text.conftest import make, quiet


def test_unchanged_text_is_reused_and_changed_text_is_not(home):
    """Training silently on the text that the file held last week."""
    text = home / "a.txt"
    text.write_text("hello world")
    first, reused = make("a.txt")
    assert not reused
    os.utime(text, (1, 1))
    assert make("a.txt")[1]
    text.rename("b.txt")
    (home / "a.txt").write_text("hello werld")
    second, reused = make("a.txt")
    assert not reused
    assert first.key != second.key
    assert make("a.txt", tokenizer="byte")[0].key != second.key


def test_another_split_is_the_same_corpus_divided_anew(home):
    """A gigabyte prepared twice for another division, or the division of the first time."""
    (home / "a.txt").write_text(tale(1000))
    corpus, _ = make("a.txt", split="80/20/0")
    again, reused = make("a.txt", split="50/25/25")
    assert reused
    assert [len(again.part(p)) for p in PARTS] == [500, 250, 250]
    assert open_corpus(again.folder).text.split == "50/25/25"
    assert [len(corpus.part(p)) for p in PARTS] == [800, 200, 0]


def test_a_text_is_encoded_with_the_vocabulary_of_a_run(home):
    """Another alphabet, in which the run's weights mean nothing."""
    (home / "a.txt").write_text("hello world")
    (home / "b.txt").write_text("hold")
    base, _ = make("a.txt")
    corpus = prepare(["b.txt"], TextSettings(), None, quiet, vocabulary=base.tokenizer)
    assert corpus.tokens.tolist() == base.tokenizer.encode("hold").tolist()
    assert corpus.key != make("b.txt")[0].key
    digest = hashlib.sha256(b"hold").hexdigest()
    assert corpus.key == content_key([digest], TextSettings(), base.tokenizer)
    (home / "c.txt").write_text("hexa")
    with pytest.raises(TextError, match="'x'"):
        prepare(["c.txt"], TextSettings(), None, quiet, vocabulary=base.tokenizer)
    lines = TextSettings(document_per="line")
    with pytest.raises(UsageError, match="no token for the end of a document"):
        prepare(["b.txt"], lines, None, quiet, vocabulary=base.tokenizer)


def test_a_vocabulary_that_the_text_does_not_fill_is_said(home):
    """A model of 300 tokens that its user believes to have 1,000."""
    (home / "a.txt").write_text("hello world " * 100)
    events = []
    corpus = prepare(["a.txt"], TextSettings(tokenizer="bpe"), None, events.append)
    size = corpus.tokenizer.size
    assert size < 1024
    notice, *_ = [event.message for event in events if isinstance(event, Noticed)]
    assert notice.startswith(f"The text gives {size} subwords, fewer than --vocab-size 1024")


def test_a_damaged_corpus_is_prepared_again(home):
    """A half-written token file that is trained on for ever after."""
    (home / "a.txt").write_text(tale(500))
    corpus, _ = make("a.txt")
    (corpus.folder / "tokens.bin").write_bytes(b"\1\2")
    again, reused = make("a.txt")
    assert not reused
    assert len(again.tokens) == 500
    (corpus.folder / "corpus.json").write_text(json.dumps({"format": 1}))
    assert not make("a.txt")[1]
    assert make("a.txt")[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "nothing in a.txt"), (b"x", "one token"), (b"ok\0", "binary"), (b"ok\xff", "byte 2")],
)
def test_bad_texts_leave_nothing_behind(home, content, message):
    """A folder without a corpus, which makes the next command fail."""
    (home / "a.txt").write_bytes(content)
    with pytest.raises(TextError, match=message):
        make("a.txt")
    assert corpus_folders() == []
    assert [path.name for path in home.iterdir()] == ["a.txt"]


def test_the_corpus_that_another_process_has_just_finished_stays(home):
    """'There is no corpus.json in it' for whoever opened the corpus a moment earlier."""
    (home / "a.txt").write_text(tale(1000))
    others = []

    def emit(event):
        if not others:
            others.append(None)  # the other process is faster
            others[0] = make("a.txt")[0]
            others.append(others[0].folder.stat().st_ino)

    corpus = prepare(["a.txt"], TextSettings(), None, emit)
    assert corpus.folder == others[0].folder
    assert corpus.folder.stat().st_ino == others[1]
    assert [path.name for path in (home / "corpora").iterdir()] == [corpus.folder.name]


def test_memory_does_not_grow_with_the_text(home):
    """Arrays of megabytes, which fragment the heap until a large text does not fit: 4 MB pieces."""
    peaks = []
    for size in (2, 6):
        text = home / f"{size}.txt"
        text.write_text((tale(10_000) + "日本語 😀\n") * (100 * size), "utf-8")
        tracemalloc.start()
        prepare([text], TextSettings(), None, quiet)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1
    assert max(peaks) < 12e6


def test_a_separator_that_does_not_occur_is_an_error(home):
    """`--document-per lines`: one document of 10 GB, whose end is never learned."""
    (home / "a.txt").write_text("one\ntwo\n")
    with pytest.raises(TextError, match="'lines' does not stand in"):
        make("a.txt", document_per="lines")


def test_keys_are_those_of_all_versions_and_settings_that_matter_change_them(home):
    """Runs that no longer find their corpus; tokens of other settings found in its place."""
    (home / "a.txt").write_bytes(b'{"t": "one"}\n')
    digest = hashlib.sha256(b'{"t": "one"}\n').hexdigest()
    plain = hashlib.sha256(json.dumps([1, "char", "utf-8", digest]).encode()).hexdigest()
    assert corpus_key("a.txt", TextSettings()) == plain
    without_effect = {"split": "50/50", "include": "*.c", "vocab_size": 300, "encoding": "U8"}
    assert corpus_key("a.txt", TextSettings(**without_effect)) == plain
    others = [
        {"min_count": 2}, {"errors": "skip"}, {"newlines": "lf"}, {"field": "t"},
        {"document_per": "line"}, {"document_per": "file"}, {"tokenizer": "bpe"},
        {"tokenizer": "bpe", "vocab_size": 300}, {"tokenizer": "byte"},
    ]  # fmt: skip
    keys = {corpus_key("a.txt", TextSettings(**other)) for other in others}
    assert len(keys | {plain}) == len(others) + 1
