"""What the tests share: texts made here, a home of their own, and the real command."""

import gc
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from charrnn.cli.process import limit_threads

# A script's background job ignores Ctrl-C, and so would the commands that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["OMP_NUM_THREADS"] = "1"  # tests run side by side
limit_threads()
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a third of a small command is to compile itself
sys.dont_write_bytecode = False
gc.set_threshold(100_000, 20, 100)  # or each look through all of torch takes a third of a second
os.environ.pop("CHARRNN_HOME", None)  # and never in somebody's real home
os.environ.pop("PYTHONUNBUFFERED", None)  # what is still to be written at the end may fail, too

# No deadline: machines differ. On CI the same examples every time; elsewhere new ones are tried.
settings.register_profile("charrnn", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("charrnn")


posix = pytest.mark.skipif(os.name != "posix", reason="Windows has neither such signals nor pipes")
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such files")

SMALL = ("--hidden-size", "32", "--embedding-size", "16", "--batch-size", "8", "--seq-length", "16")


def tale(characters: int, seed: int = 0) -> str:
    """A text with some structure: sentences of a few words, in lines, and a little beyond ASCII."""
    rng = random.Random(seed)
    words = "the old king sat by a café and said nothing of his dog or naïve sea"
    known = words.split(" ")
    text = ""
    while len(text) < characters:
        line = " ".join(rng.choices(known, k=rng.randint(3, 9))).capitalize()
        text += line + rng.choice([".\n", "!\n", ".\n\n"])
    return text[:characters]


@dataclass
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


Charrnn = Callable[..., Result]


def run_charrnn(
    cwd: Path,
    *args: str,
    stdin: str | bytes = b"",
    columns: str = "200",
    env: Mapping[str, str] | None = None,
) -> Result:
    """The real command, in a process of its own."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [sys.executable, "-m", "charrnn", *args],
        cwd=cwd, input=data, capture_output=True, timeout=100, check=False,
        env={**os.environ, "COLUMNS": columns, **(env or {})},
    )  # fmt: skip
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def call_charrnn(
    cwd: Path,
    *args: str,
    stdin: str | bytes = b"",
    columns: str = "200",
    env: Mapping[str, str] | None = None,
) -> Result:
    """The command's own `main`, in this process, which need not load torch again."""
    from charrnn.cli.main import main

    data = stdin.encode() if isinstance(stdin, str) else stdin
    streams = [io.TextIOWrapper(io.BytesIO(part), "utf-8", newline="") for part in (data, b"", b"")]
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        patch.setattr(sys, "argv", ["charrnn", *args])
        patch.setattr(signal, "signal", lambda *_: None)  # the tests keep their handlers
        patch.setattr("charrnn.cli.process.atexit", SimpleNamespace(register=lambda *_: None))
        for name, value in {"COLUMNS": columns, **(env or {})}.items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        with pytest.raises(SystemExit) as end:
            main()
        for stream in streams[1:]:
            stream.flush()
    out, err = (s.buffer.getvalue().decode(s.encoding) for s in streams[1:])  # type: ignore[attr-defined]  # a BytesIO
    return Result(end.value.code or 0, out, err)  # type: ignore[arg-type]  # ours are numbers


def need_same_dropout() -> None:
    """Skip a test of numbers on which dropout has acted, where torch draws other ones for it."""
    import torch

    torch.manual_seed(0)
    kept = torch.nn.functional.dropout(torch.ones(12)).bool().tolist()
    if [place for place, is_kept in enumerate(kept) if is_kept] != [2, 6, 7, 9, 10, 11]:
        pytest.skip("another version or build of torch made what is expected")


def lines(text: str) -> list[dict[str, Any]]:
    """What `--json` printed."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHARRNN_HOME", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for all examples of the properties of a module."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", str(folder))
        yield folder


@pytest.fixture
def charrnn(home: Path) -> Charrnn:
    """Run the command in the empty folder."""
    return lambda *args, **named: call_charrnn(home, *args, **named)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small run, `tale`, was trained on tale.txt."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tale.txt").write_text(tale(20_000), "utf-8")
    result = call_charrnn(folder, "train", "tale.txt", "--steps", "150", *SMALL)
    assert result.code == 0, result.err
    return folder


@pytest.fixture
def copied_run(trained: Path, home: Path) -> Path:
    """The folder of the run `tale`, copied with its corpus, to be changed or damaged."""
    for name in ("corpora", "checkpoints"):
        shutil.copytree(trained / name, home / name)
    return home / "checkpoints" / "tale"


def damage(path: Path) -> None:
    """Flip a bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.fixture
def used(trained: Path) -> Charrnn:
    """Run the command where `tale` was trained. For what leaves that folder as it is."""
    return lambda *args, **named: call_charrnn(trained, *args, **named)


@pytest.fixture
def printed(capsys, monkeypatch) -> Callable[..., str]:
    """What a function prints on a stdout that is a pipe, as many columns wide."""

    def call(columns: int, show: Callable[..., None], *args: object, **named: object) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        capsys.readouterr()
        show(*args, **named)
        return capsys.readouterr().out

    return call


@pytest.fixture
def model(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The run `tale`, loaded in its folder."""
    monkeypatch.chdir(trained)
    monkeypatch.delenv("CHARRNN_HOME", raising=False)
    import charrnn

    return charrnn.load("tale")
