"""Preparing texts: what a corpus is made of, when it is found again, and what goes wrong."""

import hashlib
import json
import os
import tracemalloc

import pytest

from charrnn.errors import TextError, UsageError
from charrnn.events import Noticed
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings, read
from charrnn.text.corpus import PARTS, open_corpus
from charrnn.text.preparation import corpus_key, prepare, resolve_corpus
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


def test_a_split_is_changed_only_when_asked_to(home):
    """Held-out text that is trained on because a second command left --split out."""
    (home / "a.txt").write_text(tale(1000))
    make("a.txt", split="60/20/20")
    found = prepare(["a.txt"], TextSettings(), None, quiet, update_split=False)
    assert found.text.split == "60/20/20"
    assert resolve_corpus("a.txt", TextSettings(), quiet).text.split == "60/20/20"
    split = {"split": "50/50/0"}
    assert resolve_corpus("a.txt", read(TextSettings, split), quiet).text.split == "50/50/0"
    assert open_corpus(found.folder).text.split == "60/20/20", "training divides for itself alone"


def test_a_prepared_corpus_with_another_tokenizer_is_an_error(home):
    """A --tokenizer that has no effect: a character model in place of the byte model."""
    (home / "a.txt").write_text(tale(1000))
    made, _ = make("a.txt")
    byte = {"tokenizer": "byte"}
    with pytest.raises(UsageError, match="prepared with --tokenizer char") as error:
        resolve_corpus(str(made.folder), read(TextSettings, byte), quiet)
    assert "--tokenizer byte" in error.value.hint
    same = resolve_corpus(str(made.folder), read(TextSettings, {"tokenizer": "char"}), quiet)
    assert same.key == made.key


@pytest.mark.parametrize(
    ("made", "wanted", "message"),
    [
        ({}, {"document_per": "line"}, "prepared without --document-per"),
        ({"newlines": "lf"}, {"newlines": "keep"}, "prepared with --newlines lf"),
        ({"min_count": 2}, {"min_count": 3}, "prepared with --min-count 2"),
        ({}, {"encoding": "latin-1"}, "prepared with --encoding utf-8"),
    ],
)
def test_a_prepared_corpus_with_another_setting_is_an_error(home, made, wanted, message):
    """A setting that has no effect, because the text was read long ago."""
    (home / "a.txt").write_text(tale(1000))
    corpus, _ = make("a.txt", **made)
    with pytest.raises(UsageError, match=message):
        resolve_corpus(
            str(corpus.folder), TextSettings(**{**made, **wanted}).with_names(wanted, wanted), quiet
        )
    same = {**made, "encoding": "UTF8"}
    found = resolve_corpus(str(corpus.folder), read(TextSettings, same), quiet)
    assert found.key == corpus.key


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab_size": 500}, "--vocab-size has no effect with --tokenizer char"),
        ({"min_count": 2, "tokenizer": "byte"}, "--min-count has no effect with --tokenizer byte"),
        ({"include": "*.c"}, "--include has no effect with texts of which none is a folder"),
        ({"document_per": ""}, "'' is not a separator"),
    ],
)
def test_a_setting_without_effect_is_an_error(home, settings, message):
    """A flag that somebody relies on, and that does nothing."""
    (home / "a.txt").write_text(tale(1000))
    with pytest.raises(UsageError, match=message):
        resolve_corpus("a.txt", read(TextSettings, settings), quiet)
    assert corpus_folders() == []


def test_keys_are_those_of_all_versions_and_settings_that_matter_change_them(home):
    """Runs that no longer find their corpus; tokens of other settings found in its place."""
    (home / "a.txt").write_text("one\ntwo\n")
    digest = hashlib.sha256(b"one\ntwo\n").hexdigest()
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


def test_a_text_is_encoded_with_the_vocabulary_of_a_run(home):
    """Another alphabet, in which the run's weights mean nothing."""
    (home / "a.txt").write_text("hello world")
    (home / "b.txt").write_text("hold")
    base, _ = make("a.txt")
    corpus = prepare(["b.txt"], TextSettings(), None, quiet, vocabulary=base.tokenizer)
    assert corpus.tokens.tolist() == base.tokenizer.encode("hold").tolist()
    assert corpus.key != make("b.txt")[0].key
    assert corpus.key == corpus_key("b.txt", TextSettings(), base.tokenizer)
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
    (notice,) = [event.message for event in events if isinstance(event, Noticed)]
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
