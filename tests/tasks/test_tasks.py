"""What every output promises with every input: the contract of a task on examples."""

import tracemalloc
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.devices import to_device
from charrnn.errors import DivergedError
from charrnn.events import Evaluated, Sampled
from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.settings import InputName, TaskName, TrainSettings
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.runs import MODEL
from charrnn.tasks import INPUTS, TASKS
from charrnn.text.corpus_files import open_corpus
from charrnn.training.loop import training_step
from charrnn.training.record import command, train
from charrnn.training.run import Plan, Run
from charrnn.training.saving import save_training
from charrnn.training.validation import score_examples, whole_protocol
from tests.tasks.conftest import (
    checkpoint_of,
    corpus_for,
    examples_of,
    indices,
    model_settings,
    prepared,
    randomized,
    task_on,
)
from tests.tasks.examples import PAIRS
from tests.training.conftest import resume

CPU = torch.device("cpu")
SETTINGS = TrainSettings(steps=60, batch_size=16, device="cpu", precision="fp32")
BOTH, ADDITIVE, BLIND = {"bidirectional": True}, {"attention": "additive"}, {"attention": "none"}
CTC, FINE_CTC = {"decoder": "ctc"}, {"decoder": "ctc", "ctc_frames": 2}
VARIANTS = {
    "label": [{}, BOTH], "tag": [{}, BOTH, {"crf": True}],
    "rewrite": [{}, BOTH, ADDITIVE, BLIND, FINE_CTC],
    "caption": [{}, ADDITIVE, BLIND, BOTH, CTC], "picture-label": [{}, BOTH],
    "feature-rewrite": [{}], "frames-label": [{}, BOTH], "frames-tag": [{"crf": True} | BOTH],
    "video-rewrite": [{}, FINE_CTC], "sound-label": [{}],
}  # fmt: skip
EVERY = [(pair, changes) for pair, variants in VARIANTS.items() for changes in variants]
LEARNED = [
    ("label", BOTH), ("tag", {"crf": True} | BOTH), ("rewrite", BOTH), ("rewrite", BLIND),
    ("rewrite", FINE_CTC), ("caption", ADDITIVE), ("picture-label", {}),
    ("frames-tag", {"crf": True}), ("sound-label", {}), ("video-rewrite", FINE_CTC),
]  # fmt: skip
ALIGNED = ("rewrite", "caption", "video-rewrite")
RESUMED = [*((pair, {}) for pair in PAIRS), *((pair, CTC) for pair in ALIGNED)]


def run_of(pair, home, settings=SETTINGS, count=60, **changes):
    """A run in its folder, on so many examples."""
    folder = home / "checkpoints" / "run"
    folder.mkdir(parents=True)
    corpus = corpus_for(pair, home, count)
    return Run(Plan(corpus, model_settings(pair, **changes), settings, corpus.text, folder))


def test_every_task_and_every_input_has_its_examples():
    """A task or an input that no test below knows, or that no setting names."""
    assert set(VARIANTS) == set(PAIRS)
    assert (
        set(TASKS) == set(get_args(TaskName)) == {pair.task for pair in PAIRS.values()} | {"text"}
    )
    assert set(INPUTS) == set(get_args(InputName))


@pytest.mark.parametrize(("pair", "changes"), LEARNED)
def test_it_learns_the_rule_and_says_so(home, pair, changes):
    """A loss of other targets; a validation of other examples; scores that NumPy does not get."""
    events = []
    settings = replace(SETTINGS, steps=150) if pair == "rewrite" else SETTINGS
    run = run_of(pair, home, settings, count=400, hidden_size=32, **changes)
    train(run, events.append, lambda: False)
    validations = [event for event in events if isinstance(event, Evaluated)]
    best = min(validations, key=lambda event: event.loss)
    task = run.plan.task
    assert best.loss < 0.6 * task.uniform_loss
    main = {"label": "accuracy", "tag": "span_f1"}.get(task.unit, "exact_match")
    assert best.scores[main] > 0.4
    assert [event for event in events if isinstance(event, Sampled)][-1].text
    score, part = Predictor(load_checkpoint(run.plan.folder / MODEL)).score_part("valid")
    assert part == "valid"
    assert score.loss == pytest.approx(best.loss, abs=1e-4)
    assert score.scores == pytest.approx(best.scores, abs=1e-4)


@pytest.mark.parametrize(("pair", "changes"), RESUMED)
def test_a_resumed_run_is_the_run_that_was_not_stopped(home, pair, changes):
    """A generator, an order or an optimizer that begins again; inputs that change otherwise."""
    run = run_of(pair, home, replace(SETTINGS, augment=True), dropout=0.2, **changes)
    for _ in range(7):
        training_step(run)
    save_training(run)
    following = [training_step(run).item() for _ in range(12)]
    again = resume("run")
    assert again.step == 7
    assert [training_step(again).item() for _ in range(12)] == following


@pytest.mark.parametrize(("pair", "changes"), EVERY)
def test_padding_and_parts_change_nothing(home, pair, changes):
    """An example whose loss depends on others of its batch, or on how a batch is divided."""
    corpus = corpus_for(pair, home, 12)
    chosen = indices(corpus)[:5]
    for cell in CELLS if pair in ("label", "tag") else ("lstm", "scrn", "clockwork"):
        task = task_on(corpus, cell=cell, **changes)
        network = randomized(task).network

        def loss(chosen, part, task=task, network=network):
            batch = to_device(task.batch_of(task.items, task.targets, chosen), CPU)
            with torch.no_grad():
                return task.loss(network, task.sliced(batch, part), (), [])[0].item()

        parts = 3 * loss(chosen, slice(0, 3)) + 2 * loss(chosen, slice(3, 5))
        assert parts / 5 == pytest.approx(loss(chosen, slice(0, 5)), rel=1e-5), cell
        for column in range(5):
            alone = loss(chosen[column : column + 1], slice(0, 1))
            again = loss(chosen, slice(column, column + 1))
            assert alone == pytest.approx(again, rel=1e-5), (cell, column)


@pytest.mark.parametrize(("pair", "changes"), EVERY)
def test_a_step_changes_every_weight(home, pair, changes):
    """A direction, an attention or a bias that never learns: no optimizer has it."""
    run = run_of(pair, home, **changes)
    before = run.model.export()
    training_step(run)
    for name, parameter in run.model.named_parameters():
        assert parameter.grad.any(), name
        assert (parameter.detach().numpy() != before[name]).any(), name


@pytest.mark.parametrize(("pair", "changes"), EVERY)
def test_numpy_and_torch_score_alike(home, pair, changes):
    """A batch, a padding or a mean that prediction and validation make differently."""
    corpus = corpus_for(pair, home, 40)
    task = task_on(corpus, **changes)
    module = randomized(task)
    short = Decoding(max_length=2) if "max_length" in task.output.options else Decoding()
    score = Predictor(checkpoint_of(task, module)).score(*examples_of(corpus, "train"), short)
    task.count_some_written = lambda *_: None  # untrained networks write without end
    in_torch = score_examples(task, module, indices(corpus), bf16=False)
    assert score.loss == pytest.approx(in_torch.loss, abs=1e-5)


@pytest.mark.parametrize("unit", ["character", "word"])
def test_a_validation_writes_what_an_evaluation_does(home, unit):
    """A long text that validation cuts short; other texts than it says."""
    lines = "".join(f"{'ab' * n}\t{'x y ' * n * 9}\n" for n in range(1, 4) for _ in range(n**3))
    corpus = prepared(home / "a.tsv", lines, "rewrite", target_unit=unit, split="50/50/0")
    task = task_on(corpus)
    module = randomized(task)
    scored = Predictor(checkpoint_of(task, module)).score(*examples_of(corpus, "valid"))
    during = score_examples(task, module, indices(corpus, "valid"), bf16=False)
    assert during.scores == pytest.approx(scored.scores)
    assert whole_protocol(task) == ""
    task.output.mean_length = 4096 / 3
    assert whole_protocol(task) == "3 texts written"


@pytest.mark.parametrize("pair", ["frames-label", "frames-tag", "sound-label", "picture-label"])
def test_examples_are_shown_by_the_names_of_their_files(home, pair):
    """Numbers that nobody can look up, another file's target, and names of an old corpus missed."""
    corpus = corpus_for(pair, home, 40)
    rows = (home / f"{pair}.tsv").read_text("utf-8").splitlines()
    task = task_on(corpus)
    lines = task.example(randomized(task).export()).splitlines()
    for line, index in zip(lines, corpus.examples("valid"), strict=False):
        target = task.output.between.join(task.output.names[n] for n in corpus.targets_of(index))
        name, _, predicted = line.partition(" -> ")
        assert predicted == target or predicted.endswith(f" (it is {target})")
        assert any(f"/{name}" in row and target in row.split("\t") for row in rows)
    (corpus.folder / "files.json").unlink()
    old = open_corpus(corpus.folder)
    assert task.shown(old, 3) == f"{task.input.name} 3"


def test_the_command_that_repeats_a_run_of_series_says_nothing_of_pictures(home):
    """The size that a video would have had, as if somebody had asked for it."""
    said = command(run_of("frames-label", home))
    assert "--picture-size" not in said
    assert "--input frames" in said


def test_each_rank_reads_its_part_of_one_batch(home, pair):
    """Two processes that read the same examples, leave one out, or give one another's target."""
    task, settings = task_on(corpus_for(pair, home, 60)), TrainSettings(batch_size=15)
    whole, *parts = (task.batches(settings, part) for part in (slice(15), slice(8), slice(8, 15)))
    for _ in range(3):
        batch, *of_ranks = (batches.next() for batches in (whole, *parts))
        axes = {"inputs": task.input.batch_axis, "targets": task.output.batch_axis}
        for field, axis in axes.items():
            arrays = [getattr(one, field) for one in (batch, *of_ranks)]
            if axis:  # padded to the longest of each part
                arrays = [array[: min(map(len, arrays))] for array in arrays]
            assert arrays[0].any()
            assert np.array_equal(arrays[0], np.concatenate(arrays[1:], axis))
        if batch.lengths is not None:
            lengths = np.concatenate([one.lengths for one in of_ranks])
            assert np.array_equal(batch.lengths, lengths)


def test_a_prediction_does_not_depend_on_its_neighbours(home, pair):
    """A text that is predicted of another one's line, or in another order."""
    corpus = corpus_for(pair, home, 40)
    task = task_on(corpus)
    network = task.network(task.model, randomized(task).export())
    items, texts = examples_of(corpus, "train")[0][:9], [f"text {n}" for n in range(9)]
    short = Decoding(max_length=3) if "max_length" in task.output.options else Decoding()
    together = task.predict(network, texts, items, short)
    alone = [task.predict(network, [texts[n]], [items[n]], short)[0] for n in range(9)]
    assert [one.line for one in together] == [one.line for one in alone]


def test_what_is_not_finite_is_no_prediction(home, pair):
    """NaN as a probability, in JSON that no parser takes."""
    task = task_on(corpus_for(pair, home, 12))
    weights = {n: w * np.float32("nan") for n, w in randomized(task).export().items()}
    (item, *_), (target, *_) = examples_of(task.corpus, "train")
    network = task.network(task.model, weights)
    with pytest.raises(DivergedError):
        task.predict(network, [""], [item])
    with pytest.raises(DivergedError):
        task.score(weights, [item], [target])


def test_the_memory_of_a_score_does_not_grow_with_its_examples(home, pair):
    """All padded batches, or what is computed of them, held until the last is scored."""
    corpus = corpus_for(pair, home, 40)
    task = task_on(corpus)
    weights, (items, targets) = randomized(task).export(), examples_of(corpus, "train")
    short = Decoding(max_length=1) if "max_length" in task.output.options else Decoding()
    peaks = []
    for times in (4, 4, 24):  # the first fills caches
        tracemalloc.start()
        task.score(weights, items * times, targets * times, short)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.5 * peaks[1]
