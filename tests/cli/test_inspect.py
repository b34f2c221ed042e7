"""charrnn inspect and runs, by the real command."""

import json

from charrnn.files import checkpoints
from charrnn.storage.runs import lock
from tests.conftest import lines


def test_inspect_says_what_a_run_is(used):
    """A setting, a size or a score that is left out."""
    done = used("inspect", "tale")
    assert done.code == 0, done.err
    for word in ("lstm 2x32", "parameters", "150 steps", "batch_size 8", "128x16", "bits"):
        assert word in done.out
    about = json.loads(used("inspect", "--json").out)
    assert about["model"]["hidden_size"] == 32
    assert about["weights"]["layers.0.weight_ih"] == [128, 16]
    assert about["training"]
    assert about["validation"]


def test_runs_are_listed_with_their_state(trained, home, charrnn, used):
    """A run that is being trained, and looks like one that failed."""
    (run,) = lines(used("runs", "--json").out)
    assert (run["run"], run["network"], run["steps"]) == ("tale", "lstm 2x32", 150)
    assert run["state"] == "finished"
    assert "No runs here" in charrnn("runs").out
    folder = checkpoints() / "new"
    folder.mkdir(parents=True)
    (folder / "metrics.jsonl").write_text(
        '{"event": "started", "corpus": "tale", "model": "gru 1x8", "parameters": 9}\nnot json\n'
    )
    (run,) = lines(charrnn("runs", "--json").out)
    assert (run["network"], run["state"]) == ("gru 1x8", "nothing saved yet")
    assert (run["bits_per_character"], run["step"]) == (None, None)
    held = lock(folder)
    (run,) = lines(charrnn("runs", "--json").out)
    assert run["state"] == "training, no model yet"
    assert charrnn("sample", "new").code == 4
    held.release()
    table = charrnn("runs", columns="80").out
    assert "gru 1x8" in table
    assert max(map(len, table.splitlines())) <= 80


def test_an_unknown_run_is_explained(used):
    """A traceback, or an answer to another question."""
    done = used("inspect", "nothing")
    assert done.code == 4
    assert done.err.startswith("charrnn: error: ")
    assert len(done.err.splitlines()) >= 2
