"""`charrnn import`, the commands on a run that was imported, and the guide's page on the file."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.storage.checkpoint import load_checkpoint
from tests.conftest import call_charrnn, lines, tale
from tests.extras.importing.elsewhere import Elsewhere, logits_of, saved

PAGE = Path(__file__).parents[3] / "docs" / "model-file.md"


def test_the_command_says_what_to_do(charrnn, home):
    """A file without weights; a cell that is taken for another in silence."""
    torch.save({}, home / "x.pt")
    (home / "text.txt").write_text("abc", "utf-8")
    saved(home / "bare.safetensors", Elsewhere(size=256), characters=None)
    saved(home / "rnn.safetensors", Elsewhere("RNN"))
    for args, code, told in [
        (["x.pt"], 4, "no weight_ih_l0"), (["text.txt"], 4, "neither a state dict"),
        (["."], 4, "no file"),
        (["bare.safetensors"], 4, "--vocabulary bytes"), (["rnn.safetensors"], 0, "--cell relu"),
        (["bare.safetensors", "--vocabulary", "no.txt"], 3, "no file no.txt"),
        (["rnn.safetensors", "--cell", "gru"], 4, "elman or relu, not gru"),
        (["rnn.safetensors", "--run", "rnn"], 2, "already a run"),
        (["rnn.safetensors", "--run", "../x"], 2, "cannot be the name"),
        (["checkpoints/rnn/model.safetensors"], 4, "already"),
        (["rnn.safetensors", "--cell", "relu", "--json"], 0, ""),
    ]:  # fmt: skip
        done = charrnn("import", *args)
        assert (done.code, told in done.err) == (code, True), (args, done.err)
    (record,) = lines(done.out)
    assert (record["run"], record["model"]["cell"], done.err) == ("rnn-2", "relu", "")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder in which the guide's script has trained, and its network was imported."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "tale.txt").write_text(tale(20_000), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", blocks()[1]], cwd=folder, capture_output=True, text=True, check=True
    )
    (folder / "loss").write_text(done.stdout)
    for command in re.findall(r"^    charrnn (import .*)", PAGE.read_text("utf-8"), re.MULTILINE):
        made = call_charrnn(folder, *command.split())
        assert made.code == 0, made.err
    return folder


def blocks():
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_eval_of_an_imported_network_is_its_own_loss(elsewhere):
    """A network that plays, but is not the one that was trained."""
    done = call_charrnn(elsewhere, "eval", "elsewhere", "rest.txt", "--json")
    (score,) = lines(done.out)
    assert score["loss"] == pytest.approx(float((elsewhere / "loss").read_text()), abs=1e-5)
    assert score["loss"] < 1.5  # it has learned something


def test_every_command_takes_an_imported_run(elsewhere):
    """A traceback, or a sentence with a hole, where the corpus would be named."""
    for command, code, told in [
        ('sample --length 20 --prompt "The old "', 0, ""), ("sample --count 2 --length 5", 0, ""),
        ("eval", 3, "charrnn eval elsewhere TEXT"), ("eval elsewhere", 3, "was imported"),
        ("eval elsewhere rest.txt --dynamic", 3, "Leave --dynamic out"),
        ("inspect", 0, ""), ("inspect --json", 0, ""), ("runs", 0, ""),
        ("compare elsewhere", 3, "has no corpus"), ("plot", 4, "no learning curves"),
        ("probe elsewhere rest.txt", 0, ""), ("gradients elsewhere", 3, "Name a text"),
        ("gradients elsewhere --text rest.txt", 0, ""),
        ("train --resume --run elsewhere", 4, "--from elsewhere"),
        ("train tale.txt --from elsewhere --steps 2 --run tuned", 0, ""),
        ("classify rest.txt --runs elsewhere,tuned", 0, ""),
        ("compare elsewhere tuned", 3, "has no corpus"), ("plot", 0, ""),
        ("runs prune elsewhere --yes", 0, ""),
    ]:  # fmt: skip
        done = call_charrnn(elsewhere, *re.findall(r'(?<=")[^"]+(?=")|[^ "]+', command))
        assert (done.code, told in done.err) == (code, True), (command, done.err)
        assert "Traceback" not in done.err
        assert " on ," not in done.out + done.err
    assert "imported" in call_charrnn(elsewhere, "inspect", "elsewhere").out


def test_the_numpy_reader_of_the_guide_gives_our_probabilities(trained, monkeypatch, capsys):
    """A gate order, a name or a piece of metadata that the page has wrong."""
    monkeypatch.chdir(trained)
    named: dict[str, object] = {}
    exec(blocks()[0], named)
    checkpoint = load_checkpoint(trained / "checkpoints" / "tale" / "model.safetensors")
    logits = logits_of(checkpoint, "The old ")[-1].astype(np.float64)
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    np.testing.assert_allclose(named["probabilities"], expected, atol=1e-6)
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert max(block.count("\n") for block in blocks()) <= 30


def test_the_table_of_cells_is_the_cells():
    """A cell that the page lacks, or whose tensors have other shapes."""
    table = PAGE.read_text("utf-8").partition("| cell | blocks |")[2].partition("\n\n")[0]
    rows = [[part.strip() for part in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert [name.strip("`") for name, *_ in rows] == list(CELLS)
    plain = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
    for name, named, shown, more in rows:
        cell = CELLS[name.strip("`")]
        blocks = len(cell.blocks)
        assert shown == ("H" if blocks == 1 else f"{blocks} H")
        assert name == "`scrn`" or len(named.split(", ")) == blocks
        shapes = {name: p.shape for name, p in cell.parameters(16, 8).items()}
        same = {n: s for n, s in shapes.items() if s == (blocks * 8, 16 if "ih" in n else 8)
                or s == (blocks * 8,)}  # fmt: skip
        differ = (shapes.keys() ^ plain) | {n for n in plain & shapes.keys() if n not in same}
        assert all(f"`{n}`" in more for n in differ), (name, differ)
