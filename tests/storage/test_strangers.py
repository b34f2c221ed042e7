"""Files of strangers: what they claim, where they lead, and what they would print."""

import json
import math
import os
import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save

from charrnn.display.stdout import escaped
from charrnn.errors import CheckpointError
from charrnn.files import atomic_write
from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.storage.container import KEY, add_checksum, read_metadata, sealed
from charrnn.storage.runs import METRICS, MODEL, TRAINING
from charrnn.tasks import parameters_of
from tests.conftest import call_charrnn, posix
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


@posix
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
@posix
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
    import pty

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


@posix
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


@pytest.mark.parametrize(
    "claim",
    [{"batches": [math.inf, 0]}, {"batches": [0, math.nan]}, {"batches": ["x", 0]},
     {"progress": {"best_loss": -1.0}}, {"progress": {"best_loss": math.nan}},
     {"progress": {"step": math.inf}}, {"train": {"accumulate": 10**6}}],
    ids=str,
)  # fmt: skip
def test_what_a_training_state_says_is_checked(copied_run, charrnn, claim):
    """A traceback, or a run that never takes a step."""
    (copied_run / "training.1.safetensors").unlink()
    resealed(copied_run / TRAINING, **claim)
    result = charrnn("train", "--resume", "--steps", "151")
    assert result.code == 4, result.err
    assert "training cannot resume from" in result.err


def test_a_best_loss_of_zero_is_no_divisor(copied_run):
    """A ZeroDivisionError for a run that predicts everything."""
    resealed(copied_run / TRAINING, progress={"best_loss": 0.0})
    run = resume("tale")
    assert run.best.loss == load_checkpoint(copied_run / MODEL).loss > 0


@pytest.mark.parametrize("kind", [torch.uint8, torch.bool, torch.float64, torch.float16])
def test_a_tensor_of_another_type_is_refused(copied_run, charrnn, kind):
    """Weights of 0 and 1; numbers that overflow when they are copied."""
    (copied_run / "training.1.safetensors").unlink()
    path = copied_run / TRAINING
    tensors = load_file(path)
    name = next(name for name in tensors if name.startswith("model."))
    tensors[name] = tensors[name].to(kind)
    path.write_bytes(sealed(save, tensors, read_metadata(path)))
    result = charrnn("train", "--resume", "--steps", "151")
    assert result.code == 4, result.err
    assert f"{name} does not have the shape and type" in result.err


@pytest.mark.parametrize("loss", [math.nan, math.inf, -1.0, "x"])
def test_a_loss_that_is_none_is_refused(copied_run, charrnn, loss):
    """A traceback of `inspect --json`, which writes no NaN."""
    (copied_run / "model.1.safetensors").unlink(missing_ok=True)
    resealed(copied_run / MODEL, loss=loss)
    result = charrnn("inspect", "tale", "--json")
    assert result.code == 4, result.err
    assert "loss must be" in result.err


def test_a_run_and_a_corpus_that_cannot_be_read_hide_no_others(copied_run, charrnn):
    """A list that ends at a file of gigabytes, at millions of events, or at a name of controls."""
    checkpoints = copied_run.parent
    for name in ("events", "folder", "ev\x1b[31mil"):
        (checkpoints / name).mkdir()
    (checkpoints / "events" / METRICS).write_bytes(b"{}\n" * 10)
    os.truncate(checkpoints / "events" / METRICS, 1 << 36)
    (checkpoints / "folder" / MODEL).mkdir()
    (checkpoints / "old").mkdir()
    blob = sealed(save, {}, {"train": []}).replace(rb"\"format\": 3", rb"\"format\": 2")
    (checkpoints / "old" / MODEL).write_bytes(add_checksum(blob))
    said = {"event": "started", "corpus": "\x1b[31mc" * 999, "model": [], "parameters": 10**300}
    (checkpoints / "ev\x1b[31mil" / METRICS).write_text(json.dumps(said))
    (corpus,) = (copied_run.parent.parent / "corpora").glob("tale-*")
    huge = corpus.parent / "huge-00000000"
    huge.mkdir()
    (huge / "corpus.json").touch()
    os.truncate(huge / "corpus.json", 1 << 36)
    for args in ([], ["--json"]):
        runs, corpora = charrnn("runs", *args), charrnn("corpora", *args)
        assert (runs.code, corpora.code) == (0, 0), runs.err + corpora.err
        assert all(name in runs.out for name in ("tale", "events", "folder", "old"))
        assert "\x1b" not in runs.out
        assert "tale" in corpora.out
        assert "huge-00000000 is not a prepared corpus: it has more than 64 MB" in corpora.err
