"""Files and folders that are written completely, or not at all."""

import os
import shutil
from pathlib import Path

import pytest

from charrnn import files
from tests.conftest import posix


def test_as_many_versions_stay_as_are_asked_for(home):
    """A disk that fills up; versions in the wrong order; the file missing between two versions."""
    path = home / "x.safetensors"
    for number in range(6):
        with files.atomic_write(path, keep=3) as file:
            assert number == 0 or path.read_bytes() == b"%d" % (number - 1)
            file.write(b"%d" % number)
    assert [p.name for p in files.versions(path)] == [
        "x.safetensors", "x.1.safetensors", "x.2.safetensors",
    ]  # fmt: skip
    assert [p.read_bytes() for p in files.versions(path)] == [b"5", b"4", b"3"]
    with files.atomic_write(path) as file:
        file.write(b"6")
    assert [p.read_bytes() for p in files.versions(path)] == [b"6"]
    assert len(list(home.iterdir())) == 1


def test_what_cannot_be_read_back_does_not_replace_the_file(home):
    """A good file replaced by one that was damaged on its way to the disk."""
    path = home / "x"
    path.write_bytes(b"good")

    def proof(written):
        assert written.read_bytes() == b"bad"
        raise EOFError

    with pytest.raises(EOFError), files.atomic_write(path, 2, proof) as file:
        file.write(b"bad")
    assert path.read_bytes() == b"good"
    assert len(list(home.iterdir())) == 1


def test_two_that_prepare_the_same_at_once_do_not_disturb_each_other(home, monkeypatch):
    """'Directory not empty' for the second; the first one's folder removed while it is read."""
    rename = Path.rename

    def just_then(path, target):
        if target == home / "x":  # the other process is as far as this one
            target.mkdir()
            (target / "theirs").touch()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", just_then)
    with files.atomic_folder(home / "x", lambda _: True) as folder:
        (folder / "ours").touch()
    assert {path.name for path in home.rglob("*")} == {"x", "theirs"}


def test_a_usable_folder_that_appeared_meanwhile_stays(home):
    """'There is no corpus.json in it' for a process that has just opened the folder."""
    with files.atomic_folder(home / "x", lambda path: (path / "theirs").exists()) as folder:
        (folder / "ours").touch()
        (home / "x").mkdir()
        (home / "x" / "theirs").touch()
        inode = (home / "x").stat().st_ino
    assert {path.name for path in home.rglob("*")} == {"x", "theirs"}
    assert (home / "x").stat().st_ino == inode


def test_a_damaged_folder_is_replaced_at_once(home, monkeypatch):
    """A damaged folder that is never repaired; one emptied file by file while others read it."""
    (home / "x").mkdir()
    (home / "x" / "damaged").touch()
    remove = shutil.rmtree

    def checked(path, **named):
        assert path != home / "x"
        assert (home / "x" / "ours").exists(), "the new one must be there before the old is deleted"
        remove(path, **named)

    monkeypatch.setattr(shutil, "rmtree", checked)
    with files.atomic_folder(home / "x", lambda _: False) as folder:
        (folder / "ours").touch()
    assert {path.name for path in home.rglob("*")} == {"x", "ours"}


def test_a_damaged_folder_that_another_process_takes_away_is_replaced(home):
    """'No such file' for the second of two processes that repair the same corpus."""
    (home / "x").mkdir()

    def taken(path):
        path.rmdir()
        return False

    with files.atomic_folder(home / "x", taken) as folder:
        (folder / "ours").touch()
    assert {path.name for path in home.rglob("*")} == {"x", "ours"}


def test_a_block_that_fails_changes_nothing(home):
    """A good folder lost to a failed attempt; a new parent folder left behind."""
    (home / "x").mkdir()
    (home / "x" / "theirs").touch()
    for path in (home / "x", home / "new" / "x"):
        with pytest.raises(EOFError), files.atomic_folder(path, lambda _: False) as folder:
            (folder / "ours").touch()
            raise EOFError
    assert {path.name for path in home.rglob("*")} == {"x", "theirs"}


def test_abandoned_folders_are_removed_and_those_in_use_are_not(home):
    """What a killed process left, for ever; another process's work, removed under its hands."""
    abandoned, in_use, gone = home / ".old.tmp", home / ".new.tmp", home / ".gone.tmp"
    for folder in (abandoned, in_use):
        folder.mkdir()
    os.utime(abandoned, (0, 0))
    gone.symlink_to("nowhere")  # listed, but removed before it is looked at
    with files.atomic_folder(home / "x", lambda _: True):
        pass
    assert {path.name for path in home.iterdir()} == {"x", in_use.name, gone.name}


def test_a_name_that_two_corpora_have_is_listed_with_the_digest():
    """Two lines of a list that cannot be told apart."""
    folders = [Path(name) for name in ("a-11111111", "b-22222222", "b-33333333", "c-d-44444444")]
    assert files.short_names(folders) == ["a", "b-22222222", "b-33333333", "c-d"]


@posix
def test_what_others_name_is_a_file_with_an_end(home):
    """A pipe that is waited for, a device without an end, a sparse file of terabytes."""
    (home / "x").write_bytes(b"12345")
    with files.open_regular(home / "x", 5) as file:
        assert file.read() == b"12345"
    os.mkfifo(home / "pipe")
    (home / "zero").symlink_to("/dev/zero")
    (home / "sparse").touch()
    os.truncate(home / "sparse", 1 << 40)
    for name in ("pipe", "zero", "sparse", "nope", "."):
        with pytest.raises(OSError):  # noqa: PT011  (of several kinds)
            files.open_regular(home / name, 1 << 20)
