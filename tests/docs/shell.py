"""Commands of the pages, run as a shell would: charrnn in this process, where torch is loaded."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.conftest import Result, call_charrnn

_FOR_BASH = re.compile(r"[<>$*;&]|[.]crnn$")  # what only a shell understands, or bytes on stdout


def run(command: str, folder: Path) -> Result:
    """Run a line of a page: a command, several with pipes between, or one into a file."""
    pipe, _, file = command.partition(" > ")
    done = Result(0, "", "")
    for part in pipe.split(" | "):
        words = shlex.split(part)
        if words[0] == "charrnn" and not _FOR_BASH.search(part + file):
            done = call_charrnn(folder, *words[1:], stdin=encoded(done.out))
        else:
            done = in_bash(part, folder, done.out)
        if done.code:
            return done
    if file:
        (folder / file).write_bytes(encoded(done.out))
        return Result(0, "", done.err)
    return done


def encoded(text: str) -> bytes:
    """The bytes of an output, which need not be UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def in_bash(command: str, folder: Path, stdin: str = "") -> Result:
    """What bash makes of a command."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, capture_output=True,
        timeout=90, check=False, input=encoded(stdin), env={**os.environ, "PATH": path},
    )  # fmt: skip
    out = done.stdout.decode("utf-8", "surrogateescape")
    return Result(done.returncode, out, done.stderr.decode("utf-8", "replace"))
