"""Prompts from flags, files and pipes, and the forms in which texts are written."""

import json
import os
import re
import shlex
import subprocess
import sys
from itertools import chain

import pytest

from charrnn.cli import prompts
from charrnn.cli.prompts import stdin_has_text
from tests.conftest import SMALL, call_charrnn, lines, posix

SAMPLE = ("sample", "tale", "-s", "1", "-n", "9")


def test_prompts_are_answered_in_order(trained):
    """An answer under another prompt; JSON that lacks what a pipeline needs."""
    prompts = ["The", "the old", "", "King"]
    plain = call_charrnn(trained, *SAMPLE, "--prompts", "-", "--newline", stdin="\n".join(prompts))
    assert plain.code == 0, plain.err
    as_json = "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
    found = lines(call_charrnn(trained, *SAMPLE, "--prompts", "-", "--json", stdin=as_json).out)
    assert [text["prompt"] for text in found] == prompts
    assert [text["number"] for text in found] == [1, 2, 3, 4]
    assert plain.out == "".join(
        text["prompt"] + text["text"] + "\n" * (not text["text"].endswith("\n")) for text in found
    )
    assert {text["ended"] for text in found} == {"length"}
    assert all(text["tokens"] == 9 and text["bits"] > 0 for text in found)
    twice = call_charrnn(trained, *SAMPLE, "--prompts", "-", "--count", "2", "--json", stdin="A\nT")
    assert [text["prompt"] for text in lines(twice.out)] == ["A", "A", "T", "T"]


def test_a_mark_and_empty_lines_among_json_prompts(trained):
    """JSON that is taken for plain prompts because an editor has put a mark before it."""
    text = '\ufeff{"prompt": "The"}\n\n{"prompt": "old"}\n'
    found = lines(call_charrnn(trained, *SAMPLE, "--prompts", "-", "--json", stdin=text).out)
    assert [text["prompt"] for text in found] == ["The", "old"]
    (trained / "marked.txt").write_text("\ufeffthe\n", "utf-8")
    assert call_charrnn(trained, *SAMPLE, "--prompt-file", "marked.txt").out.startswith("the")


def test_a_text_is_continued_however_it_is_given(trained):
    """`echo "In the" | charrnn sample` that writes of something else; a text taken for a run."""
    whole = call_charrnn(trained, *SAMPLE, "--prompt", "the old").out
    assert call_charrnn(trained, *SAMPLE[:2], "the old", *SAMPLE[2:]).out == whole
    assert call_charrnn(trained, *SAMPLE[:2], "-", *SAMPLE[2:], stdin="the old").out == whole
    assert call_charrnn(trained, "sample", "the old", *SAMPLE[2:]).out == whole
    assert call_charrnn(trained, *SAMPLE, stdin="the old\n").out == whole
    many = call_charrnn(trained, *SAMPLE, "--count", "2", "--json", stdin="the old")
    assert [text["prompt"] for text in lines(many.out)] == ["the old"] * 2
    other = call_charrnn(trained, *SAMPLE, "--prompt", "", stdin="the old").out
    assert other == call_charrnn(trained, *SAMPLE).out, "a prompt leaves stdin alone"
    assert call_charrnn(trained, *SAMPLE[:2], "a", "--prompt", "b").code == 2
    assert call_charrnn(trained, "sample", "nope").code == 4


@posix
def test_stdin_that_is_not_meant_is_left_alone(trained):
    """A loop that ends after its first line; a cron job without stdin."""
    sample = f"{shlex.quote(sys.executable)} -m charrnn {' '.join(SAMPLE)} --newline"
    alone = call_charrnn(trained, *SAMPLE, "--newline").out
    loop = f"while read line; do {sample}; done < two.txt; {sample} </dev/null; {sample} <&-"
    (trained / "two.txt").write_text("the old\nthe old\n")
    done = subprocess.run(["bash", "-c", loop], cwd=trained, capture_output=True, check=True)
    assert done.stdout.decode() == 4 * alone


def test_a_silent_pipe_is_not_waited_for(monkeypatch):
    """A service whose pipe stays open, and a command that never ends."""
    reader, writer = os.pipe()
    noticed = []
    with open(reader, encoding="utf-8") as stdin, open(writer, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr("charrnn.cli.prompts._PATIENCE", 0.01)
        assert not stdin_has_text(noticed.append)
        assert "--prompt -" in noticed[0].message
        pipe.write("the old")
        pipe.flush()
        assert stdin_has_text(noticed.append)


def test_prompts_before_a_wrong_one_are_answered(trained):
    """Sixty good answers lost for one bad line."""
    for bad, stdin in (("prompt 3", "The\nold\nΩ\nking\n"), ("line 2", '{"prompt": "a"}\n[]\n')):
        result = call_charrnn(trained, *SAMPLE, "--prompts", "-", "--json", stdin=stdin)
        assert result.code == 3
        assert bad in result.err
        assert len(lines(result.out)) == int(bad[-1]) - 1


def test_a_pipe_gets_its_answer_before_the_next_prompt(trained):
    """A dialogue of two programs in which each waits for the other."""
    command = [sys.executable, "-m", "charrnn", *SAMPLE, "--prompts", "-", "--json"]
    with subprocess.Popen(
        command, cwd=trained, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        for prompt in ("The", "old"):
            process.stdin.write(f"{prompt}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["prompt"] == prompt
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0


def test_the_last_line_end_of_a_prompt(trained):
    """An `echo` whose line end becomes a part of the prompt."""
    whole = call_charrnn(trained, *SAMPLE, "--prompt", "the").out
    for stdin in ("the", "the\n", "the\r\n"):
        assert call_charrnn(trained, *SAMPLE, "--prompt", "-", stdin=stdin).out == whole
    (trained / "prompt.txt").write_text("the\n")
    assert call_charrnn(trained, *SAMPLE, "--prompt-file", "prompt.txt").out == whole
    kept = call_charrnn(trained, *SAMPLE, "--prompt", "-", "--keep-newline", stdin="the\n").out
    assert kept.startswith("the\n")
    alone = call_charrnn(trained, *SAMPLE, "--prompt", "the", "--no-echo").out
    assert "the" + alone == whole
    escaped = call_charrnn(trained, *SAMPLE, "--prompt", r"t\x68e", "--escapes").out
    assert escaped == whole


def test_texts_without_empty_lines(trained):
    """A line of `wc -l` too many."""
    args = ("--count", "5", "--until", "newline", "--newline", "--unique")
    assert call_charrnn(trained, *SAMPLE, *args).out.count("\n") == 5
    assert call_charrnn(trained, *SAMPLE, "--newline").out.endswith("\n")
    novel = call_charrnn(trained, *SAMPLE, "--novel", "--count", "3", "--newline", "-n", "15")
    text = (trained / "tale.txt").read_text("utf-8")
    assert novel.code == 0, novel.err
    assert not any(line in text[:18_000] for line in novel.out.splitlines() if len(line) > 14)


def test_colours_of_surprise(trained, monkeypatch):
    """Escape sequences in a file, or for somebody who wants none; a text that colours change."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = call_charrnn(trained, *SAMPLE).out
    in_file = call_charrnn(trained, *SAMPLE, "--show-bits")
    assert (in_file.code, in_file.out) == (0, text)
    assert "eval --per character" in in_file.err
    on_terminal = {"FORCE_COLOR": "1", "COLORTERM": "truecolor"}  # for `| less -R`, say
    shown = call_charrnn(trained, *SAMPLE, "--show-bits", env=on_terminal).out
    assert "\x1b[" in shown
    assert re.sub(r"\x1b\[[\d;]*m", "", shown).replace(" \n", "\n").rstrip() == text.rstrip()
    monkeypatch.setenv("NO_COLOR", "1")
    assert call_charrnn(trained, *SAMPLE, "--show-bits", env=on_terminal).out == text


@pytest.mark.parametrize(
    ("args", "stdin", "code", "words"),
    [
        (("--prompts", "-"), '{"prompt": "a"}\n{"x": 1}\n', 3, "line 2 of the prompts"),
        (("--prompts", "nope.txt"), "", 3, "nope.txt"),
        (("--prompt", "a", "--prompts", "-"), "", 2, "exclude each other"),
        (("--prompt", "a\\u12", "--escapes"), "", 2, "--prompt"),
        (("--prompt", r"a\q", "--escapes"), "", 2, "--prompt"),
        (("--prompts", "-"), '{"prompt": "\\ud800"}', 3, "line 1 of the prompts"),
        (("--show-bits", "--count", "2"), "", 2, "exclude each other"),
        (("--interactive",), "", 2, "needs a terminal"),
        (("--temp", "1:0"), "", 2, "above 0"),
        (("--temp", "1:2:3"), "", 2, "not a temperature"),
        (("--until", "document"), "", 2, "without documents"),
        (("--prompt", "Ω"), "", 3, "--unknown skip"),
        (("--unique", "--backend", "torch"), "", 2, "--backend torch"),
        (("--prompts", "-", "--backend", "torch"), "", 2, "--backend torch and --prompts"),
        (("--show-bits", "--backend", "torch"), "", 2, "--backend torch"),
    ],
)
def test_what_cannot_be_done_is_said(trained, args, stdin, code, words):
    """A traceback, or a text that is not what was asked for."""
    result = call_charrnn(trained, *SAMPLE, *args, stdin=stdin)
    assert result.code == code
    assert words in result.err


def test_unknown_characters_are_skipped_or_replaced(trained):
    """A prompt that fails because of its quotation marks."""
    skipped = call_charrnn(trained, *SAMPLE, "--prompt", "thΩe", "--unknown", "skip")
    assert skipped.out == call_charrnn(trained, *SAMPLE, "--prompt", "the").out
    assert "Left out 1 character that the vocabulary lacks: 'Ω'." in skipped.err
    several = call_charrnn(trained, *SAMPLE, "--prompts", "-", "--unknown", "skip", stdin="Ω\nthΩe")
    assert "Left out 2 characters that the vocabulary lacks: 'Ω'." in several.err


def test_short_lines_come_many_at_a_time_and_long_ones_do_not(tmp_path):
    """A first answer that waits for 512 pages; lines that are lost where a list of them ends."""
    for line, most_short, most in (("ab", 512, 512), ("ab", 0, 64), ("a" * 1000, 512, 64)):
        (tmp_path / "lines").write_text(f"{line}\n" * 2000)
        lists = [*prompts.read_lines(str(tmp_path / "lines"), most_short)]
        assert max(map(len, lists)) <= most
        assert [*chain.from_iterable(lists)] == [line] * 2000


@posix
def test_a_file_without_an_end_is_not_read_whole(trained, tmp_path, monkeypatch):
    """All memory for a sparse file or a device, before its first line is answered."""
    sparse = tmp_path / "sparse"  # not where other tests copy what is there
    sparse.write_bytes(b"the\n")
    os.truncate(sparse, 1 << 36)
    monkeypatch.setattr(prompts, "_TOGETHER", 1)  # each line before it is answered at once
    first = call_charrnn(trained, *SAMPLE, "--prompts", str(sparse))
    assert first.code == 3
    assert first.out.startswith("the")
    assert "line 2 is longer than 1 MB" in first.err
    whole = call_charrnn(trained, *SAMPLE, "--prompt-file", str(sparse))
    assert (whole.code, whole.out) == (3, "")
    assert "more than 16 MB" in whole.err
    device = call_charrnn(trained, *SAMPLE, "--prompts", "/dev/zero")
    assert (device.code, "device" in device.err) == (3, True)
    assert call_charrnn(trained, *SAMPLE, "--prompts", os.devnull).code == 0


def test_nothing_novel_has_a_code_of_its_own(home):
    """A script that takes an empty output for texts."""
    (home / "a.txt").write_text("ab" * 500)
    assert call_charrnn(home, "train", "a.txt", "--steps", "40", *SMALL).code == 0
    args = ("--novel", "--temp", "0", "--count", "2", "-n", "9", "--prompt", "a")
    result = call_charrnn(home, "sample", *args)
    assert (result.code, result.out) == (7, "")
    assert "is also in the training text" in result.err
