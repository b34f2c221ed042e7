"""What a process of several ends with."""

import pytest

from charrnn.extras.processes.launch import EXIT_CODE_FILE, note_exit_code, noted_exit_code


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The launcher's file."""
    path = tmp_path / "codes"
    path.touch()
    monkeypatch.setenv(EXIT_CODE_FILE, str(path))
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")
    return path


def test_what_a_restart_cannot_mend_is_noted_once_and_for_all(file):
    """A missing text that is looked for again after every restart."""
    assert note_exit_code(1, may_help_again=True) == 1
    assert note_exit_code(3, may_help_again=False) == 0
    assert note_exit_code(1, may_help_again=True) == 0  # the others notice that it has ended
    assert file.read_text() == "0 3\n"


def test_a_restart_does_not_end_as_the_attempt_before_it(file, monkeypatch):
    """A process that is lost after a restart, and is not started again."""
    note_exit_code(1, may_help_again=False)
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert note_exit_code(1, may_help_again=True) == 1
    assert note_exit_code(0, may_help_again=False) == 0
    assert file.read_text() == "0 1\n1 0\n"


def test_the_launcher_ends_as_the_last_attempt_did():
    """A failure before a restart that went well; a code that another process's 0 hides."""
    assert noted_exit_code(["0 1\n", "1 0\n", "1 0\n"], 0) == 0
    assert noted_exit_code(["0 0\n", "0 3\n"], 0) == 3
    assert noted_exit_code([], 7) == 7


def test_a_launcher_that_has_gone_is_not_missed(file):
    """A traceback after a run that went well; a file that nobody deletes."""
    file.unlink()
    assert note_exit_code(0, may_help_again=False) == 0
    assert note_exit_code(5, may_help_again=False) == 5
    assert not file.exists()
