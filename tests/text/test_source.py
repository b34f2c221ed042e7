"""Sources: read as settings say; and joined, files, folders and streams, read several times."""

import bz2
import gzip
import json
import lzma
import os
import threading

import pytest

from charrnn.errors import TextError
from charrnn.events import Noticed, Prepared
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings
from charrnn.text.preparation import corpus_key, prepare
from charrnn.text.resolving import resolve
from charrnn.text.source import read_text
from tests.conftest import posix, tale
from tests.text.conftest import make, quiet, text_in


def test_files_are_joined_in_their_order(home):
    """Files sorted, or separated by something that no file has."""
    (home / "b.txt").write_bytes(b"one\r\n")
    (home / "a.txt").write_bytes("zwö".encode())
    corpus, _ = make("b.txt", "a.txt")
    decode = corpus.tokenizer.decoder()
    assert "".join(decode(int(i)) for i in corpus.tokens) == "one\r\nzwö"
    assert corpus.name == "b"


def test_the_borders_of_files_are_part_of_a_folders_key(home):
    """Two files whose border has moved, found as the documents that they were."""
    (home / "a").mkdir()
    keys = []
    for one, two in (("abc", "d"), ("ab", "cd"), ("abcd", "")):
        (home / "a/1").write_text(one)
        (home / "a/2").write_text(two)
        keys.append(corpus_key("a", TextSettings(document_per="file")))
    assert len(set(keys)) == 3


def test_the_same_text_gives_the_same_tokens_wherever_it_comes_from(home):
    """A document lost or joined on the way through a folder, a pattern or a pipe."""
    texts = [tale(2000, seed).strip("\n") + "\n" for seed in (1, 2)]
    (home / "src/more").mkdir(parents=True)
    for name, text in zip(("a.txt", "more/b.txt"), texts, strict=True):
        (home / "src" / name).write_text(text, "utf-8")
    (home / "all.txt").write_text("".join(texts), "utf-8")
    packed = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    packed["zst"] = pytest.importorskip("backports.zstd").compress
    for ending, compress in packed.items():
        (home / f"all.txt.{ending}").write_bytes(compress("".join(texts).encode()))
    (home / "all.json").write_text("".join(json.dumps({"t": t[:-1]}) + "\n" for t in texts))
    packed_files = [[f"all.txt.{ending}"] for ending in packed]
    files = [["src"], ["src/**/*.txt"], ["src/a.txt", "src/more/b.txt"]]
    for settings, sources in (
        ({}, [*packed_files, *files]),
        ({"document_per": "line"}, [*packed_files, *files]),
        ({"min_count": 2, "document_per": r"\n\n"}, packed_files),
    ):
        expected, _ = make("all.txt", **settings)
        for number, names in enumerate(sources):
            corpus, reused = make(*names, name=f"other{number}", **settings)
            assert not reused
            assert corpus.tokens.tobytes() == expected.tokens.tobytes(), names
    records, _ = make("all.json", field="t")
    assert records.tokens.tobytes() == make("all.txt")[0].tokens.tobytes()


def test_a_folder_is_one_source_after_which_the_corpus_is_named(home):
    """50,000 names in corpus.json, which every command reads; a corpus called a.txt.gz."""
    (home / "tales-1.2").mkdir()
    for name in "abc":
        (home / "tales-1.2" / name).write_text(f"text {name}\n")
    folder, _ = make("tales-1.2")
    (source,) = json.loads((folder.folder / "corpus.json").read_text())["sources"]
    assert (source["name"], source["files"], source["bytes"]) == ("tales-1.2", 3, 21)
    (home / "a.txt.gz").write_bytes(gzip.compress(b"text"))
    names = [make(source)[0].name for source in ("tales-1.2", "tales-1.2/*", "a.txt.gz")]
    assert names == ["tales-1.2", "tales-1.2", "a"]
    assert resolve("tales-1.2", TextSettings(), quiet).key == folder.key


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


@posix
def test_what_can_be_read_only_once_is_prepared_all_the_same(home):
    """A pipe that is empty the second time."""
    os.mkfifo(home / "pipe")
    writer = threading.Thread(target=lambda: (home / "pipe").write_text("hello"))
    writer.start()
    corpus, _ = make("pipe")
    writer.join()
    assert len(corpus.tokens) == 5


def test_a_hint_is_of_the_command_that_runs(home):
    """`eval FILE` that advises a flag which only training has."""
    for data, encoding in ((b"caf\xe9", "--encoding"), (b"a\0b", "--encoding")):
        (home / "a.txt").write_bytes(data)
        with pytest.raises(TextError) as read:
            list(read_text("a.txt", TextSettings(), quiet, raw=False))
        with pytest.raises(TextError) as prepared:
            prepare(["a.txt"], TextSettings(), None, quiet)
        assert encoding in read.value.hint
        assert "--tokenizer" not in read.value.hint
        assert "--tokenizer byte" in prepared.value.hint


def test_binary_files_are_refused():
    """A model trained on an executable; NULs that come in as JSON's escapes."""
    for data, field in ((b"\x7fELF\0\0", None), (b'{"t": "\\u0000"}', "t")):
        with pytest.raises(TextError, match="binary"):
            text_in(data, field=field)


def test_windows_line_ends_are_noticed_once(home):
    """A word for each of 50,000 files, or none: a model that writes CR where nobody wants it."""
    for name in "abc":
        (home / name).write_bytes(b"one\r\ntwo\r\n")
    told = []
    "".join(read_text(".", TextSettings(), told.append, raw=False))
    assert [type(event) for event in told] == [Noticed]
    assert (
        "a has Windows line ends (CRLF): prepare and train make them LF with --newlines lf"
        in told[0].message
    )


def test_a_source_is_looked_at_before_all_of_it_is_read(home):
    """Minutes over a disk image, which is then refused for its first byte."""
    (home / "image").write_bytes(b"\0" * 10)
    (home / "tale.txt").write_text("once upon a time " * 100)
    told = []
    with pytest.raises(TextError, match="binary"):
        prepare(["tale.txt", "image"], TextSettings(), None, told.append)
    assert not told, "something was read, and its progress reported"
