"""How files get their places."""

import os
import shutil

import pytest

from charrnn import files


def test_as_many_versions_stay_as_are_asked_for(home):
    """A disk that fills up; a version that is another's; the file gone between two versions."""
    path = home / "x.safetensors"
    for number in range(6):
        with files.whole(path, keep=3) as file:
            assert number == 0 or path.read_bytes() == b"%d" % (number - 1)
            file.write(b"%d" % number)
    assert [p.name for p in files.versions(path)] == [
        "x.safetensors", "x.1.safetensors", "x.2.safetensors",
    ]  # fmt: skip
    assert [p.read_bytes() for p in files.versions(path)] == [b"5", b"4", b"3"]
    with files.whole(path) as file:
        file.write(b"6")
    assert [p.read_bytes() for p in files.versions(path)] == [b"6"]
    assert len(list(home.iterdir())) == 1


def test_what_cannot_be_read_again_takes_no_place(home):
    """A good file replaced by one that was damaged on its way to the disk."""
    path = home / "x"
    path.write_bytes(b"good")

    def proof(written):
        assert written.read_bytes() == b"bad"
        raise EOFError

    with pytest.raises(EOFError), files.whole(path, 2, proof) as file:
        file.write(b"bad")
    assert path.read_bytes() == b"good"
    assert len(list(home.iterdir())) == 1


def test_two_that_prepare_the_same_at_once_do_not_disturb_each_other(home, monkeypatch):
    """'Directory not empty' for the second; what a killed one left, for ever."""
    stale, fresh = home / ".old.tmp", home / ".new.tmp"
    for left in (stale, fresh):
        left.mkdir()
    os.utime(stale, (0, 0))
    remove = shutil.rmtree

    def just_then(path, **named):
        remove(path, **named)
        if path == home / "x":  # the other one is as far as this one
            path.mkdir()
            (path / "theirs").touch()

    monkeypatch.setattr(shutil, "rmtree", just_then)
    with files.whole_folder(home / "x") as folder:
        (folder / "ours").touch()
    assert {path.name for path in home.rglob("*")} == {"x", "theirs", ".new.tmp"}
