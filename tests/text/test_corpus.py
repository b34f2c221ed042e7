"""Prepared corpora."""

import json
import os
import threading

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.events import Prepared
from charrnn.settings import TextSettings
from charrnn.text.catalog import corpus_of
from charrnn.text.corpus import PARTS, open_corpus, prepare, prepared
from tests.conftest import tale


def quiet(event):
    pass


def make(*sources, name=None, **settings):
    events = []
    corpus = prepare(sources, TextSettings(**settings), name, events.append)
    done = next(e for e in events if isinstance(e, Prepared))
    return corpus, done.reused


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
    assert make("a.txt", tokens="byte")[0].key != second.key


def test_another_split_is_the_same_corpus_divided_anew(home):
    """A gigabyte prepared twice for another division, or the division of the first time."""
    (home / "a.txt").write_text(tale(1000))
    corpus, _ = make("a.txt", split="80/20/0")
    again, reused = make("a.txt", split="50/25/25")
    assert reused
    assert [len(again.part(p)) for p in PARTS] == [500, 250, 250]
    assert open_corpus(again.folder).split == "50/25/25"
    assert [len(corpus.part(p)) for p in PARTS] == [800, 200, 0]


@given(
    size=st.integers(2, 500),
    shares=st.integers(1, 100).flatmap(
        lambda a: st.integers(0, 100 - a).map(lambda b: (a, b, 100 - a - b))
    ),
)
def test_parts_are_contiguous_and_make_up_the_whole(tmp_path_factory, size, shares):
    """A token in two parts, or in none: a validation score on training text."""
    folder = tmp_path_factory.getbasetemp() / "split"
    os.environ["CHARRNN_HOME"] = str(folder)
    try:
        folder.mkdir(exist_ok=True)
        path = folder / f"{size}.txt"
        path.write_text("".join(chr(33 + i) for i in range(size)))
        corpus, _ = make(path, split="/".join(map(str, shares)))
    finally:
        del os.environ["CHARRNN_HOME"]
    joined = np.concatenate([corpus.part(p) for p in PARTS])
    assert joined.tolist() == corpus.tokens.tolist()
    for part, share in zip(PARTS, shares, strict=True):
        assert abs(len(corpus.part(part)) - size * share / sum(shares)) <= 1


def test_a_damaged_corpus_is_prepared_again(home):
    """A half-written token file that is trained on for ever after."""
    (home / "a.txt").write_text(tale(500))
    corpus, _ = make("a.txt")
    (corpus.folder / "tokens.bin").write_bytes(b"\1\2")
    with pytest.raises(TextError, match="not as long"):
        open_corpus(corpus.folder)
    again, reused = make("a.txt")
    assert not reused
    assert len(again.tokens) == 500
    (corpus.folder / "corpus.json").write_text(json.dumps({"format": 1}))
    assert not make("a.txt")[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "nothing in a.txt"), (b"x", "one token"), (b"ok\0", "binary"), (b"ok\xff", "byte 2")],
)
def test_bad_texts_leave_nothing_behind(home, content, message):
    """A folder without a corpus, which the next command stumbles over."""
    (home / "a.txt").write_bytes(content)
    with pytest.raises(TextError, match=message):
        make("a.txt")
    assert prepared() == []
    assert [path.name for path in home.iterdir()] == ["a.txt"]


def test_progress_ends_and_never_goes_back(home):
    """A bar that stands still at 66 %."""
    (home / "a.txt").write_text(tale(3000))
    events = []
    prepare(["a.txt"], TextSettings(), None, events.append)
    done = [e.done / e.total for e in events if not isinstance(e, Prepared)]
    assert done == sorted(done)
    assert done[-1] == 1


def test_a_split_is_changed_only_when_asked_to(home):
    """Held-out text that is trained on because a second command left --split out."""
    (home / "a.txt").write_text(tale(1000))
    make("a.txt", split="60/20/20")
    found = prepare(["a.txt"], TextSettings(), None, quiet, divide=False)
    assert found.split == "60/20/20"
    assert corpus_of("a.txt", TextSettings(), {}, quiet).split == "60/20/20"
    split = {"split": "50/50/0"}
    assert corpus_of("a.txt", TextSettings(**split), split, quiet).split == "50/50/0"
    assert open_corpus(found.folder).split == "60/20/20", "training divides for itself alone"


def test_what_can_be_read_only_once_is_prepared_all_the_same(home):
    """A pipe that is empty at the second look."""
    os.mkfifo(home / "pipe")
    writer = threading.Thread(target=lambda: (home / "pipe").write_text("hello"))
    writer.start()
    corpus, _ = make("pipe")
    writer.join()
    assert len(corpus.tokens) == 5
