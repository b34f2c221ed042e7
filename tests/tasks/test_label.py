"""The task `label`: its batches, its training, its scores."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.cells import CELLS
from charrnn.events import Evaluated, Sampled
from charrnn.inference.label_scores import LabelScore, confusion_of, score_of
from charrnn.inference.text_classifier import TextClassifier
from charrnn.network.ranks import ALONE, Ranks
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.tasks.example_batches import padded_targets, padded_texts
from charrnn.tasks.label import LabelTask
from charrnn.training.loop import train, training_step
from charrnn.training.resume import resume
from charrnn.training.run import Run
from charrnn.training.saving import save_training

SETTINGS = TrainSettings(steps=150, batch_size=16, device="cpu", precision="fp32")


def run_on(corpus, home, name="run", settings=SETTINGS, **model):
    """A run in its folder."""
    folder = home / "checkpoints" / name
    folder.mkdir(parents=True)
    model = ModelSettings(task="label", **{"hidden_size": 16, "embedding_size": 8} | model)
    return Run(corpus, folder, model, settings, corpus.text)


def batches_of(corpus, size, ranks=ALONE):
    """The training batches of so many examples."""
    settings = TrainSettings(batch_size=size, seed=1)
    return LabelTask(corpus).batches(settings, ranks, torch.device("cpu"))


def test_an_epoch_has_each_example_once(corpus):
    """An example that is never read, or read with another's label."""
    batches, seen = batches_of(corpus, 16), []
    for _ in range(batches.per_epoch):
        inputs, targets, state, lengths, *_ = batches.next(())
        assert state == ()
        for column, length in enumerate(lengths.tolist()):
            seen.append((tuple(inputs[:length, column].tolist()), int(targets[column])))
    stored = [
        (tuple(corpus.ids(n).tolist()), int(corpus.targets[n])) for n in corpus.examples("train")
    ]
    left = len(stored) - len(seen)
    assert 0 <= left < 16
    for pair in seen:
        stored.remove(pair)
    assert len(stored) == left


def test_a_position_is_enough_to_continue(corpus):
    """A resumed run that reads other examples than the one that was not stopped."""
    one, other = batches_of(corpus, 16), batches_of(corpus, 16)
    for _ in range(one.per_epoch + 3):
        one.next(())
    other.epoch, other.step = one.epoch, one.step
    for _ in range(one.per_epoch):
        assert torch.equal(one.next(()).inputs, other.next(()).inputs)


def test_each_rank_reads_its_part_of_one_batch(corpus):
    """Two processes that read the same examples, or pad them to other lengths."""
    whole = batches_of(corpus, 15)
    parts = [batches_of(corpus, 15, Ranks(rank, 2)) for rank in (0, 1)]
    for _ in range(3):
        batch, found = whole.next(()), [part.next(()) for part in parts]
        assert batch.targets.tolist() == [t for part in found for t in part.targets.tolist()]
        assert batch.lengths.tolist() == [n for part in found for n in part.lengths.tolist()]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_cell_learns_labels(corpus, home, cell, bidirectional):
    """A task that trains with one cell alone, or a gradient that does not reach a direction."""
    run = run_on(corpus, home, cell=cell, bidirectional=bidirectional, layers=1)
    losses = [training_step(run).item() for _ in range(15)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    for name, parameter in run.model.named_parameters():
        assert parameter.grad is not None, name


def test_training_finds_the_rule_and_reports_it(corpus, home):
    """Scores of another part, or of labels in another order."""
    events = []
    run = run_on(corpus, home, bidirectional=True, dropout=0.1)
    train(run, events.append, lambda: False)
    last = [event for event in events if isinstance(event, Evaluated)][-1]
    assert last.scores["accuracy"] > 0.95
    assert last.record()["bits_per_label"] == pytest.approx(last.loss / math.log(2))
    shown = [event for event in events if isinstance(event, Sampled)][-1].text.splitlines()
    assert len(shown) == 12
    assert all(" -> " in line for line in shown)
    numbers = corpus.examples("valid")
    network = TextClassifier(run.model.settings, run.ema.model.export())
    found = network.probabilities([corpus.ids(number) for number in numbers])
    score = score_of(found, np.array(corpus.targets[numbers.start : numbers.stop], np.int64))
    assert score.loss == pytest.approx(last.loss, abs=1e-5)
    assert score.scores == pytest.approx(last.scores, abs=1e-5)


def test_a_resumed_run_is_the_run_that_was_not_stopped(corpus, home):
    """A generator, an order or an optimizer that begins again."""
    run = run_on(corpus, home, dropout=0.2)
    for _ in range(7):
        training_step(run)
    save_training(run)
    following = [training_step(run).item() for _ in range(60)]
    again = resume("run", None, {}, lambda _: None)
    assert again.step == 7
    assert [training_step(again).item() for _ in range(60)] == following


def test_a_score_is_that_of_all_ranks(corpus):
    """Examples that are counted twice, or by nobody, where a part is not split evenly."""
    torch.manual_seed(1)
    task = LabelTask(corpus)
    model = task.network(ModelSettings(task="label", hidden_size=8, embedding_size=4))
    numbers = np.array(corpus.examples("valid"))
    whole = task.score(model, numbers, bf16=False, ranks=ALONE)
    parts = [task.score(model, numbers[Ranks(rank, 3).part(len(numbers))], bf16=False, ranks=ALONE)
             for rank in range(3)]  # fmt: skip
    assert sum(part.confusion for part in parts).tolist() == whole.confusion.tolist()
    total = sum(part.loss * part.examples for part in parts)
    assert total / whole.examples == pytest.approx(whole.loss)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(pairs):
    """A label that nobody has or gives; rows taken for columns."""
    true, said = np.array(pairs).T
    score = LabelScore(1.0, confusion_of(true, said, 4))
    assert score.accuracy == pytest.approx(float((true == said).mean()))
    expected = []
    for label in range(4):
        right = int(((true == label) & (said == label)).sum())
        precision = right / max(1, int((said == label).sum()))
        recall = right / max(1, int((true == label).sum()))
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        assert score.f1[label] == pytest.approx(f1)
        if label in true:
            expected.append(f1)
    assert score.macro_f1 == pytest.approx(np.mean(expected))


def test_padding_stands_behind_the_texts(corpus):
    """A text that is cut, or that begins with padding."""
    ids, lengths = padded_texts(corpus, np.arange(10))
    targets, _ = padded_targets(corpus, np.arange(10))
    for column in range(10):
        assert ids[: lengths[column], column].tolist() == corpus.ids(column).tolist()
        assert not ids[lengths[column] :, column].any()
    assert targets[0].tolist() == corpus.targets[:10].tolist()
