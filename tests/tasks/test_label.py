"""The task `label`: its batches and its scores."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.tasks.outputs.label_scores import LabelScore, confusion_of
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.tasks.example_batches import padded_targets, padded_texts
from charrnn.tasks.label import LabelTask
from charrnn.tasks import example_format
from charrnn.text.preparation import prepare_examples


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


def test_several_labels_and_rare_ones(home):
    """A text that has one of its labels alone; a weight for the frequent label."""
    lines = [f"{'ab'[n % 10 == 0]}{',c' * (n % 3 == 0)}\t{n}\n" for n in range(100)]
    (home / "many.tsv").write_text("".join(lines), "utf-8")
    settings = TextSettings(split="100/0/0", multi_label=True)
    corpus = prepare_examples(
        example_format("label", settings), home / "many.tsv", None, lambda _: None
    )
    assert corpus.target_vocabulary == ("a", "b", "c")
    task = LabelTask(corpus)
    cpu = torch.device("cpu")
    torch.manual_seed(1)
    model = task.network(ModelSettings(task="label", hidden_size=8, embedding_size=4))
    losses = {}
    for weights in ("none", "balanced"):
        training = TrainSettings(class_weights=weights, batch_size=100)
        batch = task.batches(training, ALONE, cpu).next(())
        assert batch.targets.sum(0).tolist() == [90, 10, 34]
        losses[weights] = task.loss(model, batch, slice(0, 100), [])[0].item()
    logits = model(batch.inputs, batch.lengths)
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, batch.targets, reduction="none"
    )
    positive = 1 + (torch.tensor([10 / 90, 90 / 10, 66 / 34]) - 1) * batch.targets
    assert losses["none"] == pytest.approx(each.mean().item())
    assert losses["balanced"] == pytest.approx((each * positive).mean().item(), rel=1e-5)
    score = task.score(model, np.arange(100), bf16=False, ranks=ALONE)
    given = (logits > 0).numpy()
    true = batch.targets.numpy() > 0
    assert score.accuracy == pytest.approx(float((given == true).all(1).mean()))
    assert score.true.tolist() == [90, 10, 34]


def test_the_longest_examples_are_read_too(corpus):
    """Examples that fill no batch, and are the same ones in every epoch."""
    batches, seen = batches_of(corpus, 300), set()
    assert len(corpus.examples("train")) == 320
    for _ in range(9):
        inputs, _, _, lengths, *_ = batches.next(())
        seen |= {
            tuple(ids[:length]) for ids, length in zip(inputs.T.tolist(), lengths, strict=True)
        }
    assert seen == {tuple(corpus.ids(number).tolist()) for number in corpus.examples("train")}
