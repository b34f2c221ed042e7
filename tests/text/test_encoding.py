"""Encoding a text in pieces and in processes: the bytes of the whole, and what goes wrong."""

import os
import signal
from contextlib import closing
from multiprocessing import active_children

import numpy as np
import pytest

from charrnn.errors import CharRNNError, TextError
from charrnn.settings import TextSettings
from charrnn.text import encoding
from charrnn.text.encoding import blocks, encode_pieces, read_tokens
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Characters
from tests.conftest import call_charrnn, posix, tale
from tests.text.conftest import quiet

SMALL_BLOCK = 1000


@pytest.fixture
def small_blocks(monkeypatch):
    """Several blocks of a short text."""
    monkeypatch.setattr(encoding, "BLOCK", SMALL_BLOCK)


@pytest.fixture(scope="module")
def bpe():
    return TOKENIZERS["bpe"].learn([tale(4000)], TextSettings("bpe", vocab_size=350))


def pieces_of(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("text", ["x" * 9000, " " * 9000, "-" * 9000, "a king " * 2000, "a\n" * 9])
def test_a_long_line_is_not_held(bpe, text):
    """A text without lines that is read into memory as a whole, and joined again for each piece."""
    for size in (1, 700):
        texts = list(blocks(bpe, pieces_of(text, size)))
        assert "".join(texts) == text
        assert max(map(len, texts)) <= size + 512  # the longest segment: 256 spaces, then a word
        assert len(texts) >= len(text) // (size + 512)


def test_blocks_are_made_of_whole_pieces(bpe):
    """A process for each line of a folder of small files; a block as long as the text."""
    texts = list(blocks(bpe, pieces_of(tale(9000), 10), SMALL_BLOCK))
    assert all(SMALL_BLOCK - 100 < len(block) < SMALL_BLOCK + 100 for block in texts[:-1])
    assert list(blocks(bpe, [])) == list(blocks(bpe, [""])) == []


def test_processes_write_the_same_ids(small_blocks, bpe):
    """Ids out of order, another cut, ids of another type; processes that stay."""
    text = tale(9000)
    for tokenizer in (bpe, Characters.learn([text], TextSettings())):
        pieces = pieces_of(text, 300)
        with closing(encode_pieces(tokenizer, pieces, jobs=2)) as encoded:
            parts = list(encoded)
        assert len(parts) >= 8
        assert np.concatenate(parts).tobytes() == tokenizer.encode(text).tobytes()
    assert active_children() == []


def test_an_error_of_a_process_is_that_of_the_text(small_blocks):
    """A traceback, an error without its next step, or a text that is read on to its end."""
    tokenizer, read = Characters("ab"), []
    pieces = (read.append(n) or ("a" * 999 + "жa" * (n > 2)) for n in range(1000))
    with pytest.raises(TextError, match=r"no 'ж' \(U\+0436, character 1999\)") as error:
        list(encode_pieces(tokenizer, pieces, jobs=2))
    assert "--unknown skip" in error.value.hint
    assert len(read) < 100
    assert active_children() == []


@posix
def test_a_killed_process_is_a_sentence(small_blocks):
    """A traceback, or a wait without an end, where memory runs out."""
    encoded = encode_pieces(Characters("ab"), ["ab" * 600] * 1000, jobs=2)
    next(encoded)
    os.kill(active_children()[0].pid, signal.SIGKILL)
    with pytest.raises(CharRNNError, match="has ended too early") as error:
        list(encoded)
    assert "--jobs 1" in error.value.hint


def test_the_command_writes_the_same_corpus(home, small_blocks):
    """A flag that is not passed on; another corpus, or another name for it."""
    (home / "a.txt").write_text(tale(5000), "utf-8")
    folders = []
    for jobs in ("1", "2"):
        before = os.times().children_user
        result = call_charrnn(home, "prepare", "a.txt", "--jobs", jobs)
        assert result.code == 0, result.err
        assert (os.times().children_user > before) == (jobs == "2")
        (folder,) = (home / "corpora").iterdir()
        folders.append([(path.name, path.read_bytes()) for path in sorted(folder.iterdir())])
        folder.rename(home / jobs)
    assert folders[0] == folders[1]
    assert call_charrnn(home, "prepare", "a.txt", "--jobs", "0").code == 2


def test_all_of_a_text_is_read_as_tokens(home):
    """Unknown characters that are lost without a count."""
    (home / "a.txt").write_text("abcxbay")
    tokenizer = Characters("abc")
    ids, changed = read_tokens("a.txt", tokenizer, TextSettings(), quiet, "skip")
    assert (ids.tolist(), changed) == ([0, 1, 2, 1, 0], 2)
    with pytest.raises(TextError, match=r"'x'.* character 4"):
        read_tokens("a.txt", tokenizer, TextSettings(), quiet)
    lines = TextSettings(document_per="line")
    ids, changed = read_tokens("a.txt", Bytes(documents=True), lines, quiet)
    assert (ids.tolist(), changed) == ([*b"abcxbay", 256], 0)


def test_a_text_without_an_end_is_not_held(home, monkeypatch):
    """All memory for a sparse file that a model of bytes is to score."""
    monkeypatch.setattr(encoding, "_LONGEST", 1 << 20)
    (home / "sparse").touch()
    os.truncate(home / "sparse", 1 << 36)
    with pytest.raises(TextError, match="sparse has more than 1 million characters"):
        read_tokens(str(home / "sparse"), Bytes(False), TextSettings("byte"), quiet)
