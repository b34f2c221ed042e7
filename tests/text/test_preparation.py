"""Preparing texts: what a corpus is made of, when it is found again, and what goes wrong."""

import json
import os
import threading
import tracemalloc

import pytest

from charrnn.errors import TextError, UsageError
from charrnn.events import Prepared
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings
from charrnn.text.corpus import PARTS, open_corpus
from charrnn.text.preparation import prepare, resolve_corpus
from tests.conftest import tale
from tests.text.conftest import make, quiet


def test_files_are_joined_in_their_order(home):
    """Files sorted, or separated by something that no file has."""
    (home / "b.txt").write_bytes(b"one\r\n")
    (home / "a.txt").write_bytes("zwö".encode())
    corpus, _ = make("b.txt", "a.txt")
    decode = corpus.tokenizer.decoder()
    assert "".join(decode(int(i)) for i in corpus.tokens) == "one\r\nzwö"
    assert corpus.name == "b"


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
    assert resolve_corpus("a.txt", TextSettings(), {}, quiet).split == "60/20/20"
    split = {"split": "50/50/0"}
    assert resolve_corpus("a.txt", TextSettings(**split), split, quiet).split == "50/50/0"
    assert open_corpus(found.folder).split == "60/20/20", "training divides for itself alone"


def test_a_prepared_corpus_with_another_tokenizer_is_an_error(home):
    """A --tokenizer that has no effect: a character model in place of the byte model."""
    (home / "a.txt").write_text(tale(1000))
    made, _ = make("a.txt")
    byte = {"tokenizer": "byte"}
    with pytest.raises(UsageError, match="prepared with --tokenizer char") as error:
        resolve_corpus(str(made.folder), TextSettings(**byte), byte, quiet)
    assert "--tokenizer byte" in error.value.hint
    same = resolve_corpus(str(made.folder), TextSettings(), {"tokenizer": "char"}, quiet)
    assert same.key == made.key


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


def test_a_text_that_changes_while_it_is_read_is_refused(home):
    """Tokens under the digest of another text, which is reused for ever after."""
    text = home / "a.txt"
    text.write_text(tale(500))

    def emit(event):
        os.utime(text, (1, 1))

    with pytest.raises(TextError, match="changed while it was being read"):
        prepare(["a.txt"], TextSettings(), None, emit)
    assert corpus_folders() == []


def test_progress_ends_and_never_goes_back(home):
    """A bar that stops at 66 %."""
    (home / "a.txt").write_text(tale(3000))
    events = []
    prepare(["a.txt"], TextSettings(), None, events.append)
    done = [e.done / e.total for e in events if not isinstance(e, Prepared)]
    assert done == sorted(done)
    assert done[-1] == 1


def test_what_can_be_read_only_once_is_prepared_all_the_same(home):
    """A pipe that is empty the second time."""
    os.mkfifo(home / "pipe")
    writer = threading.Thread(target=lambda: (home / "pipe").write_text("hello"))
    writer.start()
    corpus, _ = make("pipe")
    writer.join()
    assert len(corpus.tokens) == 5


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
