"""Files of strangers: what they claim, where they lead, and what they would print."""

import json
import os
import pty
import random
import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.display.stdout import escaped
from charrnn.errors import CheckpointError
from charrnn.files import atomic_write
from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.storage.container import KEY, add_checksum
from charrnn.storage.runs import METRICS, MODEL, TRAINING
from charrnn.tasks import parameters_of
from tests.conftest import call_charrnn
from tests.mutations import Fuzz
from tests.training.conftest import resume


@pytest.mark.parametrize("claim", [2**40, 2**63, 2**24 + 1, 0])
def test_a_header_that_claims_terabytes_is_refused_at_once(home, claim):
    """Memory that is taken because a file says so."""
    (home / "x.safetensors").write_bytes(struct.pack("<Q", claim) + b"{}" * 50)
    with pytest.raises(CheckpointError, match="does not begin"):
        load_checkpoint(home / "x.safetensors")


def resealed(path, **change):
    """The same checkpoint, with other words under a right checksum."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    said = json.loads(header["__metadata__"][KEY])
    for name, value in change.items():
        said[name] = said[name] | value if isinstance(value, dict) else value
    header["__metadata__"][KEY] = json.dumps(said)
    made = json.dumps(header).encode()
    path.write_bytes(add_checksum(struct.pack("<Q", len(made)) + made + data[8 + size :]))


@pytest.mark.parametrize(
    "claim", [{"hidden_size": 65536}, {"layers": 64}, {"embedding_size": 65536}], ids=str
)
def test_no_memory_is_taken_for_what_settings_claim(copied_run, claim):
    """A training state of a few kB whose settings ask for a network of a terabyte."""
    for name in (TRAINING, "training.1.safetensors"):
        resealed(copied_run / name, model=claim)
    with pytest.raises(CheckpointError, match="not those of its settings"):
        resume("tale")
    resealed(copied_run / MODEL, model=claim)
    with pytest.raises(CheckpointError):
        load_checkpoint(copied_run / MODEL)


@pytest.mark.parametrize(
    ("claim", "flag"),
    [({"bidirectional": True}, "--bidirectional"), ({"crf": True}, "--crf"),
     ({"task": "label", "tie_weights": True, "embedding_size": 32}, "--tie-weights")],
)  # fmt: skip
def test_a_network_that_its_task_does_not_have_is_refused(copied_run, claim, flag):
    """A language model that has read what it predicts: made by hand, with all its parameters."""
    saved = load_checkpoint(copied_run / MODEL)
    made = replace(saved, model=replace(saved.model, **claim))
    if made.model.task == "text":
        shapes = {name: p.shape for name, p in parameters_of(made.model, made).items()}
        made = replace(made, weights={n: np.zeros(s, np.float32) for n, s in shapes.items()})
    save_checkpoint(copied_run / MODEL, made)
    for name in (TRAINING, "training.1.safetensors"):
        resealed(copied_run / name, model=claim)
    message = f"{flag} has no effect with --task {made.model.task}"
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(copied_run / MODEL)
    with pytest.raises(CheckpointError, match=message):
        resume("tale")


def test_nothing_is_written_through_a_link(copied_run, charrnn):
    """Somebody's run, resumed, that appends to a file of one's own."""
    mine = copied_run.parent.parent / "mine"
    mine.write_text("mine")
    (copied_run / METRICS).unlink()
    (copied_run / METRICS).symlink_to(mine)
    (copied_run / ".lock").unlink()
    (copied_run / ".lock").symlink_to(mine)
    assert charrnn("train", "--resume", "--steps", "152").code == 1
    (copied_run / ".lock").unlink()
    assert charrnn("train", "--resume", "--steps", "152").code == 1
    left = copied_run / f".x.{os.getpid()}.tmp"
    left.symlink_to(mine)
    with atomic_write(copied_run / "x") as file:
        file.write(b"x")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors", "metrics.jsonl"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(copied_run, charrnn, name):
    """A command that hangs for ever."""
    for path in copied_run.glob("*.1.safetensors"):
        path.unlink()
    (copied_run / name).unlink()
    os.mkfifo(copied_run / name)
    code = 4 if name == "model.safetensors" else 0
    assert charrnn("sample", "tale", "--length", "1").code == code
    result = charrnn("train", "--resume", "--steps", "151", "--run", "tale")
    assert result.code in (0, 1, 4)
    assert "Traceback" not in result.err


def test_a_damaged_corpus_is_told_and_not_indexed_with(copied_run, charrnn):
    """An IndexError, or on a GPU the end of the process."""
    (corpus,) = copied_run.parent.parent.glob("corpora/tale-*")
    size = (corpus / "tokens.bin").stat().st_size
    (corpus / "tokens.bin").write_bytes(b"\xff" * size)
    for command in (["train", "--resume", "--steps", "200"], ["eval"], ["eval", "--dynamic"]):
        result = charrnn(*command)
        assert result.code == 3, result.err
        assert "damaged" in result.err


def shown(home, *args):
    """What the command prints to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", *args], cwd=home, stdout=theirs, stderr=theirs,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    found = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        found += piece
    os.close(ours)
    process.wait(60)
    return found.decode()


def test_a_text_cannot_command_the_terminal(home):
    """A model that was taught escape sequences, and sets the title, or worse."""
    text = "\x1b]0;mine\x07 \x1b[2J\u202e\r\n" * 300
    (home / "evil.txt").write_text(text, "utf-8", newline="")
    made = call_charrnn(home, "train", "evil.txt", "--steps", "60", "--hidden-size", "32")
    assert made.code == 0, made.err
    told = shown(home, "sample", "--length", "60", "--temp", "0")
    assert "\x1b" not in told.rstrip()
    assert "\x07" not in told
    assert r"\x1b" in told
    assert "\x1b" in shown(home, "sample", "--length", "60", "--temp", "0", "--raw")
    assert "\x1b" in call_charrnn(home, "sample", "--length", "60", "--temp", "0").out


def test_what_is_no_command_stays_as_it_is():
    """Foreign words full of escapes."""
    text = "naïve café\u00a0« ÷ » 日本語\u3000\u200d🙂\tإ\n"
    assert escaped(text) == text
    assert escaped("\x00\x1b\x7f\x9b\u202e\r") == r"\x00\x1b\x7f\x9b\u202e\r"


@pytest.fixture(scope="module")
def fuzz(trained, tmp_path_factory):
    """A home of its own for all mutations."""
    home = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", str(home))
        yield Fuzz(trained, home)


@settings(max_examples=200)
@given(number=st.integers(0, 8), seed=st.integers(0, 2**32))
def test_mutated_files_load_or_are_refused(fuzz, number, seed):
    """A traceback for a file that is not as it should be. `scripts.fuzz` tries thousands."""
    fuzz.attempt(list(fuzz.kinds)[number], random.Random(seed))
