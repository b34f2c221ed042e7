"""charrnn compress and decompress, from the command line."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from charrnn.evaluation import dynamic
from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.storage.runs import MODEL
from tests.conftest import lines, run_charrnn, tale

TEXT = tale(2000, seed=5).encode() + "\r\n語\0".encode() + b"\xff"


@pytest.fixture
def few_segments(monkeypatch):
    """Measure gradients on less of the training text: that is most of the work."""
    monkeypatch.setattr(dynamic, "_SEGMENTS", 50)
    monkeypatch.setattr(dynamic, "_SAMPLES", 5)


def test_a_file_comes_back(charrnn, copied_run, home):
    """The model is not found; the record is not that of the file."""
    (home / "a.bin").write_bytes(TEXT)
    made = charrnn("compress", "a.bin", "--json")
    assert made.code == 0, made.err
    (record,) = lines(made.out)
    assert record["compressed_bytes"] == (home / "a.bin.crnn").stat().st_size < len(TEXT) / 2
    assert (record["bytes"], record["run"]) == (len(TEXT), "tale")
    assert 0 < record["xz_bytes"] < len(TEXT)
    copied_run.rename(copied_run.with_name("renamed"))
    back = charrnn("decompress", "a.bin.crnn", "-o", "b.bin")
    assert back.code == 0, back.err
    assert (home / "b.bin").read_bytes() == TEXT
    assert f"{len(TEXT):,} bytes compressed to" in back.err


def test_nothing_is_overwritten(charrnn, copied_run, home):
    """The only copy of a file, lost to a wrong name."""
    (home / "a").write_bytes(TEXT)
    assert charrnn("compress", "a").code == 0
    for command in ("compress", "a"), ("decompress", "a.crnn"):
        again = charrnn(*command)
        assert again.code == 2
        assert "already a file" in again.err
        assert charrnn(*command, "--force").code == 0
    assert (home / "a").read_bytes() == TEXT


def test_the_number_of_threads_does_not_matter(copied_run, home):
    """A file that its own machine refuses, because NumPy was told to take other threads."""
    (home / "a").write_bytes(TEXT)
    for command, threads in ((["compress", "a"], "2"), (["decompress", "a.crnn", "-f"], "1")):
        done = run_charrnn(home, *command, env={"OPENBLAS_NUM_THREADS": threads})
        assert done.code == 0, done.err
    assert (home / "a").read_bytes() == TEXT


def test_without_the_package_the_commands_say_what_to_install(used, monkeypatch):
    """A traceback where an extra is missing."""
    monkeypatch.setitem(sys.modules, "constriction", None)
    for command in ("compress", "decompress"):
        done = used(command, "tale.txt", "-o", "never")
        assert done.code == 6
        assert "-m pip install 'constriction>=" in done.err


def test_pipes(copied_run, home):
    """Bytes that Python's text streams change on their way."""
    command = f"{shlex.quote(sys.executable)} -m charrnn"
    done = subprocess.run(
        f"{command} compress - | {command} decompress -", shell=True, input=TEXT, cwd=home,
        capture_output=True, timeout=60, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout == TEXT


def test_a_model_that_learns_comes_back(charrnn, copied_run, home, few_segments):
    """Both sides learn, but not alike; a corpus that is missing and not missed."""
    (home / "a").write_bytes(TEXT.upper())
    assert charrnn("compress", "a").code == 0
    static = (home / "a.crnn").stat().st_size
    made = charrnn("compress", "a", "--dynamic", "--force")
    assert made.code == 0, made.err
    assert (home / "a.crnn").stat().st_size < static
    back = charrnn("decompress", "a.crnn", "--run", "tale", "-o", "b")
    assert back.code == 0, back.err
    assert (home / "b").read_bytes() == TEXT.upper()
    shutil.rmtree(home / "corpora")
    for command in ("compress", "a", "--dynamic"), ("decompress", "a.crnn"):
        missing = charrnn(*command, "-o", "c")
        assert missing.code == 3
        assert "is not here" in missing.err
    assert not (home / "c").exists()


def test_the_model_of_a_learning_file_is_found_by_its_corpus(
    charrnn, copied_run, home, few_segments
):
    """A newer run of equal weights, as fine-tuning first saves them, whose corpus is another."""
    (home / "a").write_bytes(TEXT[:200])
    assert charrnn("compress", "a", "--dynamic").code == 0
    (home / "other.txt").write_text(tale(20_000, seed=2), "utf-8")
    tuned = charrnn("train", "other.txt", "--from", "tale", "--run", "tuned", "--steps", "1")
    assert tuned.code == 0, tuned.err
    path = copied_run.with_name("tuned") / MODEL
    base = load_checkpoint(copied_run / MODEL)
    save_checkpoint(path, replace(load_checkpoint(path), weights=base.weights))
    refused = charrnn("decompress", "a.crnn", "--run", "tuned", "-o", "b")
    assert "the same corpus" in refused.err
    back = charrnn("decompress", "a.crnn", "-o", "b", "--json")
    assert back.code == 0, back.err
    assert lines(back.out)[0]["run"] == "tale"
    assert (home / "b").read_bytes() == TEXT[:200]
    shutil.rmtree(copied_run)
    assert charrnn("decompress", "a.crnn", "-o", "c").code == 4


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "not a file of charrnn"), (b"plain text", "not a file of charrnn"), (None, "damaged")],
    ids=["empty", "other", "damaged"],
)
def test_what_cannot_be_read_back_is_refused(charrnn, copied_run, home, data, words):
    """A traceback, or half a file that looks whole."""
    (home / "a").write_bytes(TEXT)
    assert charrnn("compress", "a").code == 0
    whole = bytearray((home / "a.crnn").read_bytes())
    whole[len(whole) // 2] ^= 4
    (home / "b.crnn").write_bytes(bytes(whole) if data is None else data)
    found = charrnn("decompress", "b.crnn")
    assert (found.code, found.out) == (4, "")
    assert words in found.err
    assert not (home / "b").exists()


def test_a_model_that_is_not_here_is_named(charrnn, copied_run, home):
    """An error that does not say what is missing."""
    (home / "a").write_bytes(TEXT)
    assert charrnn("compress", "a").code == 0
    shutil.rmtree(copied_run)
    found = charrnn("decompress", "a.crnn", "-o", "b")
    assert found.code == 4
    assert "none of the runs here" in found.err


def test_the_names_of_files(charrnn, copied_run, home):
    """A guess where the original goes; JSON in the middle of a file."""
    (home / "a").write_bytes(TEXT)
    assert charrnn("decompress", "a").code == 2
    assert charrnn("compress", "a", "-o", "-", "--json").code == 2
    assert charrnn("compress", "b").code == 3
    assert charrnn("compress", "checkpoints").code == 3


def test_a_file_without_an_end_is_not_read_whole(charrnn, copied_run, home):
    """All memory for gigabytes of zeros, whose first bytes are those of no such file."""
    (home / "x.crnn").touch()
    os.truncate(home / "x.crnn", 1 << 36)
    refused = charrnn("decompress", "x.crnn")
    assert (refused.code, "not a file of charrnn compress" in refused.err) == (4, True)
    whole = charrnn("compress", "x.crnn", "-o", "y")
    assert (whole.code, "more than 256 MB" in whole.err) == (3, True)
