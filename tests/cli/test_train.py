"""charrnn train, by the real command."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save

from charrnn.storage.container import add_checksum, read_metadata, sealed
from tests.conftest import SMALL, call_charrnn, lines, tale


def test_a_run_is_a_folder_with_its_events(trained):
    """A file that is missing, or an event that nobody wrote down."""
    run = trained / "checkpoints" / "tale"
    assert {p.name for p in run.iterdir()} == {
        "model.safetensors", "model.1.safetensors", "training.safetensors",
        "training.1.safetensors", "metrics.jsonl", ".lock",
    }  # fmt: skip
    kinds = [line["event"] for line in lines((run / "metrics.jsonl").read_text("utf-8"))]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert {"planned", "stepped", "evaluated", "sampled", "saved"} <= set(kinds)


def test_what_is_left_open_is_chosen_and_said(home, charrnn):
    """A small text that trains a large network for five minutes."""
    (home / "small.txt").write_text(tale(600), "utf-8")
    result = charrnn("train", "small.txt")
    assert result.code == 0
    assert "--hidden-size 32" in result.err
    again = charrnn("train", "--resume", "--hidden-size", "32")
    assert again.code == 0
    assert "has already finished" in again.err


def test_a_short_text_is_trained_in_smaller_batches_and_that_is_said(home, charrnn):
    """The cryptic crash of the peers on a small file."""
    (home / "hello.txt").write_text("hello hello")
    few = ("--steps", "3", "--split", "100/0/0")
    result = charrnn("train", "hello.txt", "--hidden-size", "8", *few)
    assert result.code == 0, result.err
    assert "no validation part, which --split makes: the last" in result.err
    given = charrnn("train", "hello.txt", "--batch-size", "9", *few)
    assert given.code == 0, given.err
    assert "--batch-size 1" in given.err
    assert charrnn("sample", "--length", "3").code == 0
    result = charrnn("eval")
    assert result.code == 3
    assert "--part" in result.err


def test_a_taken_name_is_refused(used):
    """A run that is written over."""
    result = used("train", "tale.txt", "--run", "tale")
    assert result.code == 2
    assert "--resume --run tale" in result.err


def test_json_and_quiet(home, charrnn):
    """Progress on stdout; a word where none is wanted."""
    (home / "a.txt").write_text(tale(2000), "utf-8")
    result = charrnn("train", "a.txt", "--steps", "4", "--json", *SMALL)
    assert result.err == ""
    last = lines(result.out)[-1]
    assert (last["event"], last["step"]) == ("finished", 4)
    result = charrnn("train", "a.txt", "--steps", "2", "-q", *SMALL)
    assert (result.code, result.out, result.err) == (0, "", "")
    assert charrnn("train", "corpora/" + "a", "--tokenizer", "byte").code == 3


def test_runs_that_differ_in_their_seed_are_compared(home, charrnn):
    """Three runs of one seed; a spread that nobody is told."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    result = charrnn(
        "train", "tale.txt", "--seeds", "2", "--seed", "5", "--json", "--steps", "6", *SMALL
    )
    assert result.code == 0, result.err
    *runs, group = lines(result.out)
    assert [run["seed"] for run in runs] == [5, 6]
    assert group["runs"] == [run["run"] for run in runs]
    assert group["bits_per_character_deviation"] > 0


def test_resuming_a_finished_run_says_so(home, charrnn):
    """A finished run trained on at a learning rate of nothing."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    charrnn("train", "tale.txt", "--steps", "3", *SMALL)
    before = (home / "checkpoints/tale/model.safetensors").read_bytes()
    result = charrnn("train", "--resume")
    assert result.code == 0
    assert "finished" in result.err
    assert (home / "checkpoints/tale/model.safetensors").read_bytes() == before


def test_a_run_goes_on_from_where_it_is(home, charrnn):
    """`--time 5m` that is over, because it counts from the beginning."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    charrnn("train", "tale.txt", "--steps", "3", *SMALL)
    assert "charrnn train --resume --run tale --more 5m" in charrnn("train", "--resume").err
    for amount, end in (("2steps", 5), ("2 steps", 7), ("0.2epochs", 10)):
        done = charrnn("train", "--resume", "--more", amount, "--json")
        assert done.code == 0, done.err
        assert lines(done.out)[-1]["step"] == end
    timed = charrnn("train", "--resume", "--more", "0.2s", "--json")
    finished = lines(timed.out)[-1]
    assert finished["step"] > 10
    assert charrnn("train", "--resume").code == 0, "it is that long from now on"
    (home / "other.txt").write_text(tale(2500, seed=2), "utf-8")
    for args in ("--more 5x", "--more 5m --time 1m", "other.txt --more 5m", "--more 9999999msteps"):
        assert charrnn("train", "--resume", *args.split()).code == 2, args
    assert charrnn("train", "--resume").code == 0, "nothing has changed"
    assert charrnn("train", "tale.txt", "--more", "5m").code == 2
    assert "as its length changed" in charrnn("train", "--resume", "--more", "1step").err


def test_several_texts_are_one_corpus(home, charrnn):
    """The second text left out; another corpus than that of `prepare`."""
    (home / "a.txt").write_text(tale(2000), "utf-8")
    (home / "b.txt").write_text(tale(1000, seed=2), "utf-8")
    assert charrnn("prepare", "a.txt", "b.txt").code == 0
    done = charrnn("train", "a.txt", "b.txt", "--steps", "2", *SMALL)
    assert done.code == 0, done.err
    assert "3,000 tokens" in done.err
    assert len([*(home / "corpora").glob("*/corpus.json")]) == 1
    more = charrnn("train", "b.txt", "a.txt", "--from", "a", "--steps", "1", "--batch-size", "8")
    assert (more.code, "3,000 tokens" in more.err) == (0, True), more.err
    folder = next((home / "corpora").glob("a-*")).name
    for args in (["a.txt", f"corpora/{folder}"], ["a.txt", "b.txt", "--task", "label"]):
        assert charrnn("train", *args, "--steps", "2").code == 2, args


def test_a_run_that_died_before_it_saved_does_not_block_its_name(home, charrnn):
    """'There is already a run r' from one command, 'there is no run r' from the other."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    (home / "checkpoints" / "r").mkdir(parents=True)
    (home / "checkpoints" / "r" / "metrics.jsonl").write_text('{"event": "star')
    assert charrnn("train", "tale.txt", "--steps", "2", "--run", "r", *SMALL).code == 0
    first, *rest = (home / "checkpoints/r/metrics.jsonl").read_text("utf-8").splitlines()
    assert first == '{"event": "star'
    assert json.loads(rest[0])["event"] == "started"


@pytest.mark.parametrize(
    "change",
    [
        {"progress": {}}, {"progress": None}, {"batches": [1]}, {"batches": [0, 10**9]},
        {"corpus": {}}, {"model": None}, {"train": {"weight_decay": -1}}, {"text": 5},
        {"format": 9},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_training_state_is_refused(trained, home, charrnn, change):
    """A run that is resumed as something else, or a traceback."""
    shutil.copytree(trained / "corpora", home / "corpora")
    shutil.copytree(trained / "checkpoints", home / "checkpoints")
    path = home / "checkpoints" / "tale" / "training.safetensors"
    path.with_name("training.1.safetensors").unlink()
    blob = sealed(save, load_file(path), read_metadata(path) | change)
    if "format" in change:
        blob = add_checksum(blob.replace(b'format\\": 3', b'format\\": 9'))
    path.write_bytes(blob)
    result = charrnn("train", "--resume")
    assert result.code == 4, result.err
    assert "training cannot resume from" in result.err


def test_nothing_of_others_is_deleted_or_written_over(home, charrnn):
    """A failed run that takes somebody's notes, or an imported model, with it."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    for name in ("notes.txt", "model.safetensors"):
        folder = home / "checkpoints" / name.split(".")[0]
        folder.mkdir(parents=True)
        (folder / name).write_text("mine")
        result = charrnn("train", "tale.txt", "--steps", "2", "--run", folder.name, *SMALL)
        assert result.code == 2
        assert (folder / name).read_text() == "mine"


def test_a_diverged_run_says_so(home, charrnn):
    """Pages of the last letter of the alphabet, and warnings with source lines."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    wild = ("--cell", "relu", "--learning-rate", "900", "--adamw-learning-rate", "900",
            "--grad-clip", "1e9", "--ema-decay", "0", "--warmup-steps", "40",
            "--save-every", "1")  # fmt: skip
    result = charrnn("train", "tale.txt", "--steps", "300", *wild, *SMALL)
    assert result.code == 5, result.err
    assert "diverged" in result.err
    sampled = charrnn("sample", "tale", "--length", "50", "--seed", "1")
    assert sampled.code == 5
    assert sampled.err.startswith("charrnn: error: the model has diverged")
    assert "Warning" not in sampled.err


def test_runs_begin_with_the_weights_of_another(copied_run, charrnn):
    """Seeds that are compared from nothing; a run that does not say where it comes from."""
    home = copied_run.parent.parent
    (home / "new.txt").write_text(tale(3000).replace("e", "ё"), "utf-8")
    few = ("--steps", "3", "--batch-size", "8", "--seq-length", "16")
    result = charrnn("train", "new.txt", "--from", "tale", "--seeds", "2", *few)
    assert result.code == 0, result.err
    assert result.err.count("Fine-tuning from tale: vocabulary of") == 2
    assert result.err.count("step 0  validation ") == 2
    assert "fine-tuned from tale" in call_charrnn(home, "inspect", "new-lstm-s2").out


def test_what_cannot_be_begun_with_is_a_sentence(home):
    """A traceback, or a run from nothing, for a wrong --from."""
    (home / "new.txt").write_text(tale(3000), "utf-8")
    both = call_charrnn(home, "train", "new.txt", "--from", "a", "--resume")
    assert (both.code, "--from and --resume exclude each other" in both.err) == (2, True)
    missing = call_charrnn(home, "train", "new.txt", "--from", "nobody")
    assert (missing.code, "there is no run nobody" in missing.err) == (4, True)
