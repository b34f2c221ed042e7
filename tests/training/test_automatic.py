"""Settings that are chosen."""

import math
import shlex
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from charrnn.settings import ModelSettings, TextSettings, TrainSettings, read
from charrnn.storage.runs import TRAINING
from charrnn.tasks.language_model import LanguageModelTask
from charrnn.text.preparation import prepare
from charrnn.training import automatic
from charrnn.training.automatic import best_dropout, choose, left_open
from charrnn.training.length import RunLength
from charrnn.training.record import command as repeat_command
from charrnn.training.run import Plan
from tests.conftest import call_charrnn, tale
from tests.training.conftest import events_of, make_run


class LanguageModelOf(LanguageModelTask):
    """A language model of a text of any length, which nobody has to make."""

    training_tokens = 0
    unit = "character"

    def __init__(self, tokens):
        self.training_tokens = tokens
        self.subject = SimpleNamespace(
            tokenizer=SimpleNamespace(size=65, ordered=False), text=TextSettings()
        )


def chosen(tokens, given=None, step_time=lambda _: 0.05, **train):
    model, settings = read(ModelSettings, given or {}), read(TrainSettings, train)
    return choose(model, settings, LanguageModelOf(tokens), step_time)


@pytest.mark.parametrize(
    ("tokens", "epochs", "sizes", "batch_size"),
    [
        (200, 50, {32}, 2),
        (30_000, 50, {80, 96}, 16),
        (10**6, 8, {224, 256}, 128),
        (5 * 10**8, 0.1, {512, 640}, 128),
    ],
)
def test_a_text_gets_a_network_of_its_size(tokens, epochs, sizes, batch_size):
    """One size for all: a large network that overfits a small text, or the reverse."""
    model, settings = chosen(tokens, epochs=epochs)
    assert model.hidden_size in sizes
    assert settings.batch_size == batch_size


def test_what_is_given_is_kept_and_the_rest_follows():
    """A flag that is overruled, or that stops everything else from being chosen."""
    model, settings = chosen(10**6, {"hidden_size": 100}, epochs=40.0)
    assert model.hidden_size == 100
    assert model.dropout == best_dropout(40 * 0.15) > 0
    given = {"seq_length": 20, "adamw_learning_rate": 0.01, "epochs": 40.0, "batch_size": 7}
    model, settings = chosen(10**6, {"hidden_size": 100, "dropout": 0.2}, **given)
    assert (model.hidden_size, model.dropout, settings.batch_size) == (100, 0.2, 7)
    assert (settings.seq_length, settings.adamw_learning_rate) == (20, 0.01)


def test_more_time_gives_a_larger_network_and_a_small_text_an_early_end():
    """Time that is not made use of; a text of a few lines that trains for five minutes."""

    def step_time(model):
        return 0.01 + model.hidden_size**2 / 1e6

    short, _ = chosen(10**7, step_time=step_time, time="10s")
    long, _ = chosen(10**7, step_time=step_time, time="10h")
    assert short.hidden_size < long.hidden_size
    assert chosen(1000)[1].epochs == 60
    assert chosen(1000, time="1m")[1].epochs is None
    assert chosen(10**9)[1].epochs is None


def test_a_tied_network_keeps_its_hidden_size():
    """A hidden size that is tried without the embedding that has to be as large."""
    sizes = {"hidden_size": 48, "embedding_size": 48}
    model = read(ModelSettings, {"tie_weights": True, **sizes})
    settings = read(TrainSettings, {"epochs": 3})
    found, _ = choose(model, settings, LanguageModelOf(10**6), lambda _: 0.05)
    assert (found.hidden_size, found.embedding_size) == (48, 48)
    model = ModelSettings(tie_weights=True, embedding_size=256)
    found, _ = choose(model, settings, LanguageModelOf(10**6), lambda _: 0.05)
    assert (found.hidden_size, found.embedding_size) == (256, 256)


def test_few_steps_are_larger_and_shorter():
    """Few steps that are as careful as many; a sequence length that --steps did not ask for."""
    few, many = chosen(10**6, epochs=2.0)[1], chosen(10**6, epochs=50.0)[1]
    assert (few.seq_length, many.seq_length) == (24, 32)
    assert few.adamw_learning_rate == 0.015
    assert many.adamw_learning_rate == 0.004
    assert chosen(10**6, steps=100)[1].seq_length == 32
    assert chosen(10**6, epochs=2.0, adamw_learning_rate=0.001)[1].adamw_learning_rate == 0.001


def test_many_steps_are_smaller():
    """A rate for few steps that costs a large text 0.7 %; one that is given, overruled."""
    settings = [chosen(10**9, steps=steps)[1] for steps in (500, 800, 2000, 20_000)]
    assert [one.learning_rate for one in settings] == [0.065, 0.0406, 0.0325, 0.0325]
    assert chosen(10**6, {"hidden_size": 256}, steps=2000)[1].learning_rate == 0.065
    for given in ({"learning_rate": 0.05}, {"optimizer": "adamw", "learning_rate": 0.004}):
        assert chosen(10**6, steps=6000, **given)[1].learning_rate == given["learning_rate"]


def test_a_batch_size_that_is_clipped_counts_as_what_it_becomes():
    """Dropout for a text that is read 79 times, where it is read three times."""
    model, settings = chosen(11, steps=3, batch_size=9)
    assert model.dropout == 0
    assert settings.batch_size == 9


def test_dropout_follows_what_can_be_learned_by_heart():
    """Dropout for a text that is never read twice, or for a network too small to overfit it.

    Of 0.9 MB that is read eight times, it cost a network of 2x128 2 % of its loss.
    """
    assert [best_dropout(n) for n in (0, 0.5, 4, 8, 32, 1e6)] == [0, 0, 0, 0.1, 0.3, 0.5]
    large, small = ({"hidden_size": size} for size in (1024, 128))
    assert chosen(10**6, small, epochs=8.0)[0].dropout == 0
    assert chosen(10**6, large, epochs=8.0)[0].dropout == 0.1


def test_the_step_time_of_a_size_between_two_is_between_theirs(home, monkeypatch):
    """A line through the wrong points, or through the size that was asked for instead."""
    (home / "text.txt").write_text(tale(4000), "utf-8")
    corpus = prepare(["text.txt"], TextSettings(), None, lambda _: None)
    tried = []

    def seconds(plan):
        tried.append(plan.model.hidden_size)
        return 0.01 + 1e-4 * plan.model.hidden_size**2

    monkeypatch.setattr(automatic, "step_seconds", seconds)
    settings = TrainSettings(batch_size=8, seq_length=8)
    plan = Plan(corpus, ModelSettings(dropout=0.5), settings, TextSettings())
    step_time = automatic.measured_step_time(plan)
    assert tried == [16, 256]
    assert step_time(ModelSettings(hidden_size=16)) < step_time(ModelSettings(hidden_size=100))
    assert math.isclose(step_time(ModelSettings(hidden_size=256)), seconds(plan), rel_tol=0.01)


def same_model(one, two):
    a, b = load_file(one / TRAINING), load_file(two / TRAINING)
    return all(torch.equal(a[name], b[name]) for name in a if name.startswith("model."))


@pytest.mark.parametrize("length", [("--steps", "20"), ("--epochs", "0.5")])
def test_the_printed_command_repeats_the_run(home, length):
    """A chosen setting that is left out of the command, or rounded."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    first = call_charrnn(home, "train", "tale.txt", *length, "--seed", "3", "--run", "one",
                        "--embedding-size", "16", "--state-reset", "0.05")  # fmt: skip
    assert first.code == 0, first.err
    (command,) = {line.strip() for line in first.err.splitlines() if "charrnn train tale" in line}
    again = call_charrnn(home, *shlex.split(command)[1:], "--run", "two")
    assert again.code == 0, again.err
    assert same_model(home / "checkpoints" / "one", home / "checkpoints" / "two")


def test_a_timed_run_is_repeated_by_its_steps(home):
    """A learning rate that falls from another step on, because time has decided it."""
    run = make_run(home, tale(6000), name="timed", time="1h", hold_steps=None)
    run.length = RunLength(20, decay_start=7.0)  # as if it had been measured after 7 steps
    events_of(run)
    again = call_charrnn(home, *shlex.split(repeat_command(run))[1:], "--run", "two")
    assert again.code == 0, again.err
    assert same_model(home / "timed", home / "checkpoints" / "two")


def test_a_setting_without_effect_is_not_chosen():
    """'Chose dropout 0.3' for a network of pictures, in which nothing is dropped."""
    pictures = TextSettings(input="picture")
    for task, text in ("label", pictures), ("rewrite", pictures), ("caption", TextSettings()):
        assert "dropout" not in left_open(ModelSettings(task=task), TrainSettings(), text)
    assert "dropout" in left_open(ModelSettings(task="label"), TrainSettings(), TextSettings())
