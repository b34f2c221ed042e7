"""Errors, exit codes and streams, whatever the command."""

import re
import shlex
import subprocess
import sys

import pytest

from charrnn import __version__
from tests.conftest import SMALL, call_charrnn, linux, posix, tale
from tests.docs.pages import COMMANDS


def bash(command, cwd):
    """A command line in bash, which fails if any part of a pipe does."""
    command = command.replace("charrnn", f"{shlex.quote(sys.executable)} -m charrnn", 1)
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=cwd, capture_output=True,
                          timeout=60, check=False)  # fmt: skip


@pytest.mark.parametrize(
    ("args", "stdin", "code", "said"),
    [
        (["train"], b"", 2, ["no text", "charrnn train python"]),
        (["train", "nix.txt"], b"", 3, ["nix.txt", "shakespeare"]),
        (["train", "empty.txt"], b"", 3, ["nothing in empty.txt"]),
        (["train", "one.txt"], b"", 3, ["one token"]),
        (["train", "binary"], b"", 3, ["binary", "--tokenizer byte"]),
        (["train", "latin.txt"], b"", 3, ["byte 4", "0xe9", "--encoding"]),
        (["train", "tale.txt", "--hidden-size", "0"], b"", 2, ["--hidden-size", "--help"]),
        (["train", "tale.txt", "--cell", "lsmt"], b"", 2, ["lsmt", "gru"]),
        (["train", "tale.txt", "--split", "9"], b"", 2, ["split"]),
        (["train", "tale.txt", "--steps", "5", "--epochs", "1"], b"", 2, ["one length"]),
        (["train", "tale.txt", "--run", "../x"], b"", 2, ["name of a run"]),
        (["train", "tale.txt", "--encoding", "utf-99"], b"", 2, ["utf-99"]),
        (["train", "tale.txt", "--device", "cuda:x"], b"", 2, ["cuda:1"]),
        (["train", "tale.txt", "--seeds", "2", "--run", "r"], b"", 2, ["--seeds and --run"]),
        (["train", "--seeds", "2", "--resume"], b"", 2, ["--seeds and --resume"]),
        (["train", "."], b"", 3, ["binary file", "--encoding"]),
        (["train", "--resume"], b"", 4, ["nothing has been trained"]),
        (["prepare", "nix.txt"], b"", 3, ["nix.txt"]),
        (["prepare", "-"], b"", 3, ["nothing in stdin"]),
        (["prepare"], b"", 2, ["sources", "--help"]),
        (["sample"], b"", 4, ["nothing has been trained"]),
        (["sample", "--temp", "-1"], b"", 2, ["--temp", "-1"]),
        (["sample", "--temp", "warm"], b"", 2, ["--temp"]),
        (["sample", "--temp", "0", "--top-k", "3"], b"", 2, ["--top-k has no effect"]),
        (["sample", "--raw", "--json"], b"", 2, ["--raw and --json"]),
        (["sample", "tale.txt"], b"", 4, ["is a text, not a run"]),
        (["eval", "nix"], b"", 4, ["there is no run nix", "No runs here"]),
        (["eval", "--encoding", "utf-99"], b"", 2, ["utf-99"]),
        (["eval", "--encoding", "latin-1"], b"", 2, ["--encoding"]),
        (["eval", "tale.txt", "--part", "test"], b"", 2, ["--part"]),
        (["eval", "--device", "tpu"], b"", 2, ["tpu"]),
        (["smple"], b"", 2, ["sample"]),
        (["help", "trian"], b"", 2, ["train"]),
    ],
)
def test_bad_input_gets_a_sentence_a_next_step_and_leaves_nothing(home, args, stdin, code, said):
    """A traceback, a wrong exit code, a stray folder."""
    (home / "empty.txt").touch()
    (home / "one.txt").write_text("x")
    (home / "binary").write_bytes(bytes(range(256)) * 4)
    (home / "latin.txt").write_bytes("lcafé".encode("latin-1"))
    (home / "tale.txt").write_text(tale(500), "utf-8")
    before = sorted(home.iterdir())
    result = call_charrnn(home, *args, stdin=stdin)
    assert result.code == code, result.err
    assert result.out == ""
    assert result.err.startswith("charrnn: error: ")
    assert 2 <= len(result.err.splitlines()) <= 3
    for word in said:
        assert word in result.err
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "reader", "read"),
    [
        ("charrnn sample --length 10000000", "head -c 100", 100),
        ("charrnn train --help", "true", 0),
        ("charrnn probe tale.txt", "head -c 1", 1),
        ("charrnn compare", "head -c 1", 1),
        ("charrnn plot", "head -c 1", 1),
        ("charrnn runs", "true", 0),
        ("charrnn corpora", "head -c 1", 1),
    ],
)
@posix
def test_a_reader_that_has_seen_enough_is_no_error(trained, command, reader, read):
    """BrokenPipeError on the screen of everyone who types `| head`, or an exit code of 1."""
    done = bash(f"{command} | {reader}", trained)
    assert len(done.stdout) == read
    assert done.stderr == b""
    assert done.returncode == 0


@pytest.mark.parametrize("args", ["sample --length 5", "--version", "runs --json"])
@linux
def test_what_cannot_be_written_is_a_failure(trained, args):
    """Data that is lost without a word; 120, Python's own exit code for that."""
    done = bash(f"charrnn {args} >/dev/full", trained)
    assert done.returncode == 1
    assert done.stderr.startswith(b"charrnn: error: No space left on device")
    assert b"Exception" not in done.stderr


def test_no_permission_is_one_sentence(home, charrnn):
    """An OSError as a traceback. A file where the folder should be stops root, too."""
    (home / "tale.txt").write_text(tale(500), "utf-8")
    (home / "corpora").write_text("in the way")
    result = charrnn("train", "tale.txt", "--steps", "1", *SMALL)
    assert result.code == 1
    assert result.err.startswith("charrnn: error: ")
    assert "corpora" in result.err


def test_a_strangers_file_is_refused(home, charrnn):
    """Someone else's file that ends in a traceback, or worse in a run."""
    (home / "x.safetensors").write_bytes(b"\x80\x04not a model at all")
    result = charrnn("sample", "x.safetensors")
    assert result.code == 4
    assert "not a charrnn checkpoint" in result.err


def test_the_version(charrnn):
    """A version that nobody can find out."""
    assert charrnn("--version").out == f"charrnn {__version__}\n"


def test_home_moves_everything(home, charrnn, monkeypatch):
    """CHARRNN_HOME that moves one folder and not the other."""
    (home / "a.txt").write_text(tale(1000), "utf-8")
    monkeypatch.setenv("CHARRNN_HOME", str(home / "else where"))
    assert charrnn("train", "a.txt", "--steps", "2", *SMALL).code == 0
    assert {p.name for p in home.iterdir()} == {"a.txt", "else where"}
    assert charrnn("sample", "--length", "5").code == 0


def test_alone_it_shows_the_main_commands_first(charrnn):
    """A first screen of eighty lines; a command that is on none."""
    lines = charrnn(columns="80").out.splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 80
    main = [line.split()[0] for line in lines[2:6]]
    assert main == ["train", "sample", "eval", "prepare"]
    names = set(re.findall(r"\w+", "\n".join(lines)))
    assert [name for (name,) in COMMANDS if name not in names] == []


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_help_of_train_has_tasks_in_a_box_of_their_own(charrnn, columns):
    """--crf between --dropout and --batch-size; an example that is wrapped and cannot be copied."""
    out = charrnn("train", "--help", columns=columns).out
    box = re.search("Tasks.*?╰", out, re.DOTALL)[0]
    of_tasks = ("--task", "--bidirectional", "--crf", "--class-weights", "--picture-size")
    assert all(flag in box for flag in of_tasks)
    assert "--dropout" not in box
    for command in ("train", "predict"):
        examples = charrnn(command, "--help", columns=columns).out.partition("Examples:")[2]
        assert all("charrnn" in line for line in examples.split("\n") if line.strip())
        assert len(re.findall("task (label|tag|rewrite)", examples)) == 3
