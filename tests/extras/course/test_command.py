"""charrnn course: lessons that are listed, printed and taken along."""

import io
import sys

import pytest

from charrnn.extras.course.lessons import all_lessons
from charrnn.extras.course.show import print_lesson


def test_all_lessons_are_listed(charrnn):
    """A lesson that nobody finds, or that has the number of another."""
    listed = charrnn("course").out
    lessons = all_lessons()
    assert [lesson.number for lesson in lessons] == [*range(1, 9)]
    assert all(lesson.title in listed for lesson in lessons)


def test_a_pipe_gets_the_page_as_it_is(charrnn):
    """Markdown that is laid out for a screen on its way into a file."""
    for lesson in all_lessons():
        assert charrnn("course", str(lesson.number)).out == lesson.path.read_text("utf-8")


def test_a_terminal_gets_commands_and_programs_that_can_be_pasted(monkeypatch):
    """A command that is broken at the screen's edge; a program that is indented or framed."""
    lesson = all_lessons()[3]
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    print_lesson(lesson)
    shown = terminal.getvalue()
    for block in lesson.blocks:
        if block.language:
            assert block.text.rstrip() in shown
    assert "](" not in shown
    assert "```" not in shown


def test_programs_are_written_once_and_replace_nothing(charrnn, home):
    """A reader's own changes to a program that are lost; an error on the second call."""
    programs = all_lessons()[0].programs
    for _ in range(2):
        assert charrnn("course", "1", "--programs").code == 0
    assert {path.name: path.read_text("utf-8") for path in home.glob("*.py")} == programs
    (home / "ones.py").write_text("mine", "utf-8")
    assert charrnn("course", "1", "--programs").code == 2
    assert (home / "ones.py").read_text("utf-8") == "mine"
    assert charrnn("course", "1", "--programs", "--yes").code == 0
    assert (home / "ones.py").read_text("utf-8") == programs["ones.py"]


@pytest.mark.parametrize("args", ["course 9", "course 0", "course --programs", "course x"])
def test_what_is_no_lesson_is_told(charrnn, args):
    """A traceback for the ninth of eight lessons."""
    done = charrnn(*args.split())
    assert done.code == 2
    assert "charrnn: error: " in done.err
