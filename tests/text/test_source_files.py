"""The files that a source stands for: folders, patterns, and what is missing."""

import os

import pytest

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text.source import read_text
from charrnn.text.source_files import open_source, source_files
from charrnn.text.tokenizers import END
from tests.conftest import posix
from tests.text.conftest import quiet


@posix
def test_a_folder_is_its_files_sorted_and_without_the_hidden_ones(home):
    """Files in the order of the disk; .git read as text; a circle of links."""
    for name in ("b/2.c", "b/1.h", "a.c", ".git/x.c", "b/.hidden.c", "c/d/e.c"):
        path = home / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (home / "src/c/circle").symlink_to(home / "src")
    (home / "src/c/broken.c").symlink_to(home / "nothing")
    os.mkfifo(home / "src/c/pipe.c")
    assert source_files("src", None) == [f"src/{n}" for n in ("a.c", "b/1.h", "b/2.c", "c/d/e.c")]
    assert source_files("src", "*.h, a.*") == ["src/a.c", "src/b/1.h"]
    assert source_files("src/*/*.c", None) == ["src/b/2.c"]
    assert source_files("src/**/?.c", None) == ["src/a.c", "src/b/2.c", "src/c/d/e.c"]
    (home / "a[1].txt").write_text("x")
    assert source_files("a[1].txt", None) == ["a[1].txt"]
    text = "".join(read_text("src", TextSettings(include="*.c", document_per="file"), quiet, False))
    assert text == f"a.c{END}b/2.c{END}c/d/e.c{END}"
    for source, include, message in (
        ("src", "*.py", "src has no file whose name matches"),
        ("src/.git/..//c/d/none*", None, "no file matches"),
    ):
        with pytest.raises(TextError, match=message):
            source_files(source, include)


def test_a_folder_leaves_the_tools_own_files_out(home):
    """Weights read as text; a prepared corpus that becomes a part of the next one."""
    for name in (
        "a.txt", "corpora/notes.txt", "checkpoints/r/model.safetensors", "checkpoints/r/x.txt",
        "b/corpora/t-12345678/corpus.json", "b/corpora/t-12345678/tokens.bin",
        "b/checkpoints/r/model.safetensors", "b/checkpoints/r/metrics.jsonl", "b/corpora/b.txt",
        "hub/model.safetensors", "hub/readme.txt",
    ):  # fmt: skip
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("text")
    listed = ["./a.txt", "./b/corpora/b.txt", "./hub/model.safetensors", "./hub/readme.txt"]
    assert source_files(".", None) == listed
    assert source_files("corpora", None) == ["corpora/notes.txt"]


def test_a_missing_file_is_named(home):
    """A traceback in place of the path that was mistyped."""
    (home / "folder").mkdir()
    with pytest.raises(TextError, match="there is no file x"), open_source("x.txt"):
        pass
    with pytest.raises(TextError, match="the folder folder has no file") as error:
        list(read_text("folder", TextSettings(), quiet, raw=False))
    assert error.value.hint
