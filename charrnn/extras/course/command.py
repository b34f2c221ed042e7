"""charrnn course: the lessons, listed, printed, and their programs written."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Quiet, Replace, confirm
from charrnn.display.reports import Report
from charrnn.errors import UsageError
from charrnn.files import atomic_write
from charrnn.tables import Table

if TYPE_CHECKING:
    from charrnn.extras.course.lessons import Lesson

Number = Annotated[
    int | None,
    typer.Argument(metavar="N", help="a lesson's number", show_default="list the lessons"),
]
Programs = Annotated[
    bool, typer.Option("--programs", help="write the lesson's programs into the current folder")
]


def course(
    number: Number = None,
    *,
    programs: Programs = False,
    yes: Replace = False,
    quiet: Quiet = False,
) -> None:
    """Learn how recurrent networks work, in lessons of ten minutes with commands to run.

    Without a number they are listed. Into a file or a pipe a lesson goes as Markdown.
    """
    from charrnn.extras.course.lessons import all_lessons
    from charrnn.extras.course.show import print_lesson

    if programs and number is None:
        raise UsageError("--programs needs a lesson", "Name one: charrnn course 1 --programs")
    with frame(quiet=quiet) as command:
        lessons = {lesson.number: lesson for lesson in all_lessons()}
        if number is None:
            rows = [[str(lesson.number), lesson.title, lesson.about] for lesson in lessons.values()]
            command.show(Report((), [Table(["", "lesson", "about"], rows, wraps=2)]))
            command.say("Read one: charrnn course 1")
        elif number not in lessons:
            raise UsageError(f"there is no lesson {number}", f"Name one from 1 to {len(lessons)}.")
        elif programs:
            for path in write_programs(lessons[number], yes):
                command.say_written(path)
        else:
            print_lesson(lessons[number])


def write_programs(lesson: "Lesson", yes: bool) -> list[Path]:
    """Write the programs of a lesson, where they are not there already: their paths.

    UsageError if one of these names has other content, and is not to be replaced.
    """
    paths = []
    for name, text in lesson.programs.items():
        path = Path(name)
        if os.path.lexists(path):
            if path.is_file() and path.read_bytes() == text.encode():
                continue
            confirm(f"Replace {path}?", yes, "nothing more was written")
        with atomic_write(path) as file:
            file.write(text.encode())
        paths.append(path)
    return paths
