"""Messages of the command line in a Python program's words."""

import pytest

import charrnn
from charrnn.errors import TextError, UsageError
from charrnn.models.words import in_python
from tests.conftest import SMALL, call_charrnn, tale
from tests.tasks.examples import labelled


def test_errors_speak_python(home):
    """Flags that a program cannot give; those of a command that have become keywords."""
    (home / "bytes").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(TextError) as error:
        charrnn.train("bytes", steps=2)
    assert 'tokenizer="byte"' in error.value.hint
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    with pytest.raises(UsageError, match='crf has no effect with task="text"'):
        charrnn.train("tale.txt", crf=True)
    done = call_charrnn(home, "train", "bytes", *SMALL)
    assert "--tokenizer byte" in done.err
    (home / "l.tsv").write_text(labelled(60), "utf-8")
    call_charrnn(home, "train", "l.tsv", "--task", "label", "--steps", "1", "--hidden-size", "8")
    assert "--beam has" in call_charrnn(home, "predict", "l", "l.tsv", "--beam", "3").err


@pytest.mark.parametrize(
    ("command", "python"),
    [
        ("Leave --crf out, or choose --task tag.", 'Leave crf out, or choose task="tag".'),
        ("--split, --valid or --jobs 1.", "split, valid or jobs=1."),
        ("it is text: --encoding utf-16, say", 'it is text: encoding="utf-16", say'),
        ("Begin with: charrnn train A.txt", 'Begin with: charrnn.train("A.txt")'),
        (
            "Finish it: charrnn train --resume --run a; or remove it: charrnn runs rm a",
            'Finish it: charrnn.resume("a"); or remove it: charrnn runs rm a',
        ),
        ("To fine-tune: charrnn train T --from a", 'To fine-tune: charrnn.train("T", base="a")'),
        ("Try: charrnn eval a FILE", 'Try: charrnn.load("a").score_file("FILE")'),
        ("Try: charrnn sample it's", "Try: charrnn sample it's"),
        ("  charrnn train t --crf --time 2m", '  charrnn.train("t", crf=True, time="2m")'),
    ],
)
def test_commands_and_flags_have_words_in_python(command, python):
    """A hint that cannot be pasted into a notebook."""
    assert in_python(command) == python
