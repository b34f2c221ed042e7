"""The course: its commands run, and print what its pages show, where nothing is trained."""

import re

import pytest

from charrnn.extras.course.lessons import all_lessons
from scripts.lessons import differences, runs_of
from tests.conftest import tale
from tests.docs import shell

LESSONS = {lesson.number: lesson for lesson in all_lessons()}
SMALLER = {
    r"--steps \d+(?!.*--run (ones|hello|both|ctc)\b)": "--steps 4",
    "--cells all": "--cells elman,mgu",
    "train brackets": "train short.txt",
    "charrnn sweep brackets": "charrnn corpora get brackets\ncharrnn sweep short.txt",
}
"""What is left out of a training. `short.txt` stands for a text of 1.5 million brackets."""
SURE = {
    "echo 010111011 | charrnn predict ones\n",
    "charrnn sample hello --prompt h --length 29 --temp 0\n",
    "charrnn predict both asked.txt\n",
    "charrnn predict ctc drawn/0.npy\n",
}
"""What networks write that are trained wholly: the same everywhere, as they have learned it."""
TRAINED = re.compile(
    "charrnn (train|sweep|eval|predict|sample|probe|compare) |shakespeare|forgets|transitions|load"
)
"""Commands whose figures follow from a training, which is shorter here, or on another text.

They differ from machine to machine; `python -m scripts.lessons` compares them where they were made.
"""


def printed(commands, folder):
    """What the commands of a block print, line by line."""
    out = ""
    for whole, smaller in SMALLER.items():
        commands = re.sub(whole, smaller, commands)
    for command in commands.splitlines():
        done = shell.run(command, folder)
        assert done.code == 0, f"{command}\n{done.err}"
        out += done.out
    return out


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", LESSONS)
def test_every_command_runs_and_what_it_computes_stands_on_the_page(number, home):
    """A number that the code no longer computes; a command that never worked."""
    catalog = home / "corpora" / "catalog"
    catalog.mkdir(parents=True)
    text = tale(3000) + "ROMEO: I will not fight with thee."
    (catalog / "shakespeare.txt").write_text(text, "utf-8")
    (home / "short.txt").write_text(text, "utf-8")
    wrong, compared = [], 0
    for run in runs_of(LESSONS[number], home, printed):
        if run.commands in SURE or (run.shown and not TRAINED.search(run.commands)):
            wrong += differences(run.shown or "", run.printed)
            compared += 1
    assert wrong == []
    assert compared > 0


def test_a_wrong_page_is_found():
    """A comparison that lets another word, another number or a line that is missing pass."""
    shown = "0.035 bits per character, step 300; A  lstm 1x32  0:03  361,762\nexit code 5\n"
    assert differences(shown, shown.replace("0:03  361,762", "0:11  98,765")) == []
    assert differences(shown, shown.replace("0.035", "0.036")) == []
    changes = {"0.035": "0.038", "300": "350", "lstm": "gru", "exit code 5\n": ""}
    for right, wrong in changes.items():
        assert differences(shown, shown.replace(right, wrong)), wrong
