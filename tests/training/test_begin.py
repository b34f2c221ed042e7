"""How a run begins."""

import subprocess
import sys

import pytest

from charrnn.errors import UsageError
from charrnn.events import Prepared
from charrnn.settings import ModelSettings, Request, TextSettings, TrainSettings, read
from charrnn.training.begin import begin
from charrnn.training.record import command, train_and_record
from charrnn.training.sources import find_sources
from tests.conftest import tale

SIZES = {"steps": 2, "batch_size": 4, "seq_length": 8, "device": "cpu"}


def request(corpus="tale.txt", **more):
    settings = read(ModelSettings, {"hidden_size": 8}), read(TrainSettings, SIZES)
    return Request(corpus, *settings, TextSettings(), **more)


def test_the_text_of_a_run_to_resume_is_not_another_run(home):
    """A word about vocabularies where somebody named the run that they wanted to resume."""
    for name in ("kjv", "moby"):
        (home / f"{name}.txt").write_text(tale(1000, seed=len(name)), "utf-8")
        run = begin(request(f"{name}.txt"), lambda _: None)
        train_and_record(run, lambda _: None, lambda: False)
    longer = read(TrainSettings, {"steps": 3})
    with pytest.raises(
        UsageError, match="takes the run trained last, moby, and there is a run k"
    ) as e:
        begin(Request("kjv", ModelSettings(), longer, TextSettings(), resuming=True), print)
    assert "charrnn train --resume --run kjv" in e.value.hint
    run = begin(Request("moby", ModelSettings(), longer, TextSettings(), resuming=True), print)
    assert (run.plan.folder.name, run.step) == ("moby", 2)
    run.release()


def test_a_run_is_new_or_resumed_and_a_text_is_prepared_once(home):
    """A text that a sweep prepares for each of its runs; a resumed run that begins anew."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    events = []
    sources = find_sources(request(), events.append)
    for seed in 1, 2:
        run = begin(request(default_name=f"seed{seed}"), events.append, sources=sources)
        assert (run.plan.folder.name, run.step, run.plan.model.hidden_size) == (f"seed{seed}", 0, 8)
        train_and_record(run, events.append, lambda: False)
    assert [type(event) for event in events].count(Prepared) == 1
    longer = read(TrainSettings, {"steps": 5})
    again = Request(None, ModelSettings(), longer, TextSettings(), "seed1", resuming=True)
    run = begin(again, events.append)
    assert (run.plan.folder.name, run.step, run.length.total_steps) == ("seed1", 2, 5)
    run.release()


def test_a_request_with_a_setting_that_has_no_effect_is_refused_before_anything_is_read():
    """An error after a large text has been prepared."""
    with pytest.raises(UsageError, match="--crf has no effect with --task text"):
        Request("tale.txt", read(ModelSettings, {"crf": True}), TrainSettings(), TextSettings())


CODE = """
import sys, charrnn
from charrnn.errors import CharRNNError
for settings in {"crf": True}, {"run": "-"}, {"base": "nobody"}, {"tokenizer": "bpe"}:
    try:
        charrnn.train("missing.txt", **settings)
    except CharRNNError:
        continue
    raise AssertionError
assert "torch" not in sys.modules
"""


def test_what_can_fail_without_torch_fails_before_it_is_loaded(home):
    """Seconds until a misspelt name is noticed."""
    subprocess.run([sys.executable, "-c", CODE], cwd=home, check=True)


def test_the_command_that_repeats_a_run_names_nothing_without_effect(home):
    """A command that is printed, and refused where it is typed in."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    steps = read(TrainSettings, {**SIZES, "decay_factor": 0.5}, recipe=["decay_factor"])
    asked = Request("tale.txt", read(ModelSettings, {"hidden_size": 8}), steps, TextSettings())
    run = begin(asked, lambda _: None)
    assert "--decay" not in command(run)
    assert "--hidden-size 8" in command(run)
