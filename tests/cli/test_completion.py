"""Completion in the shell."""

import sys

import pytest

from tests.conftest import run_charrnn


@pytest.mark.parametrize(
    ("shell", "begins"),
    [("zsh", "#compdef charrnn"), ("bash", "_charrnn_completion()"), ("fish", "complete")],
)
def test_the_script_is_that_of_the_shell_asked_for(charrnn, shell, begins):
    """zsh's script for whoever runs bash, and writes a file for zsh."""
    result = charrnn("--show-completion", shell)
    assert result.code == 0
    assert result.out.startswith(begins)
    wrong = charrnn("--show-completion", "tcsh")
    assert wrong.code == 2
    assert "zsh" in wrong.err


def completed(home, words):
    """What bash is offered for the last of the words."""
    env = {"_CHARRNN_COMPLETE": "complete_bash", "COMP_WORDS": f"charrnn {words}",
           "COMP_CWORD": str(words.count(" ") + 1)}  # fmt: skip
    return run_charrnn(home, env=env).out.split()


def test_names_are_completed(home):
    """Names of runs that have to be typed; a corpus that is offered by its digest."""
    for name in ("first", "fifth", "second"):
        (home / "checkpoints" / name).mkdir(parents=True)
    (home / "tale-1f0b52c7").mkdir()
    (home / "corpora" / "tale-1f0b52c7").mkdir(parents=True)
    (home / "corpora" / "tale-1f0b52c7" / "corpus.json").touch()
    (home / "book.txt").touch()
    assert completed(home, "sample fi") == ["fifth", "first"]
    assert completed(home, "train --run s") == ["second"]
    assert completed(home, "plot first se") == ["second"]
    assert completed(home, "train shak") == ["shakespeare"]
    assert completed(home, "train ta") == ["tale", "tale-1f0b52c7/"]
    assert completed(home, "sweep bo") == ["book.txt"]
    assert completed(home, "train x --cell mg") == ["mgu"]
    assert completed(home, "sw") == ["sweep"]


def test_completion_loads_nothing_heavy(home, charrnn):
    """A second of waiting after each press of the tab key."""
    code = "import sys, charrnn.cli.completion as c; c.corpus_or_file(''); c.run_names('')"
    code += "; assert not {'torch', 'numpy', 'rich'} & set(sys.modules), sys.modules"
    assert __import__("subprocess").run([sys.executable, "-c", code], check=False).returncode == 0
