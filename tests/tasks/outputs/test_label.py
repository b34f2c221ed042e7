"""Labels: their losses with weights and with several of them, and scores against counts by hand."""

import numpy as np
import pytest
import torch

from charrnn.display.wording import scored
from charrnn.errors import CharRNNError
from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.settings import TrainSettings
from charrnn.tasks.outputs.label import LabelPrediction
from charrnn.training.validation import score_examples
from tests.tasks.conftest import checkpoint_of, indices, prepared, randomized, task_on

LINES = "".join(f"{'ab'[n % 10 == 0]}{',c' * (n % 3 == 0)}\t{n}\n" for n in range(100))


@pytest.fixture
def several(home):
    """A corpus of numbers, each of which is an a or a b, and a third of them a c, too."""
    return prepared(home / "many.tsv", LINES, split="100/0/0", multi_label=True)


def test_several_labels_and_rare_ones(several):
    """A text that has one of its labels alone; a weight for the frequent label."""
    assert several.target_vocabulary == ("a", "b", "c")
    losses = {}
    for weights in ("none", "balanced"):
        task = task_on(several)
        module = randomized(task)
        settings = TrainSettings(class_weights=weights, batch_size=100)
        batch = task.batches(settings, slice(None)).next()
        assert batch.targets.sum(0).tolist() == [90, 10, 34]
        network = task.network(task.model, module.export())
        losses[weights] = float(task.loss(network, batch, (), [])[0])
        (logits,) = task.output.evaluate(network, batch)
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.from_numpy(logits), torch.from_numpy(batch.targets), reduction="none"
    ).numpy()
    positive = 1 + (np.array([10 / 90, 90 / 10, 66 / 34]) - 1) * batch.targets
    assert losses["none"] == pytest.approx(each.mean(), rel=1e-5)
    assert losses["balanced"] == pytest.approx((each * positive).mean(), rel=1e-5)
    score = score_examples(task, module, indices(several), bf16=False)
    given, true = logits > 0, batch.targets > 0
    assert score.accuracy == pytest.approx((given == true).all(1).mean())
    assert score.counts.true.tolist() == [90, 10, 34]
    assert score.counts.both.tolist() == (given & true).sum(0).tolist()


def predicted_alone(model, texts):
    """The prediction for each text."""
    return [prediction for text in texts for prediction in model.predict([text])]


def test_a_label_that_the_model_lacks_is_wrong_and_without_a_loss(corpus):
    """A label that only the examples have, read as the last one, or left out of the macro F1."""
    task = task_on(corpus)
    model = Predictor(checkpoint_of(task, randomized(task, scale=1.0)))
    texts = ["as", "f", "abc", "sabf", "cc"]
    ids = [model.task.read(text) for text in texts]
    targets = [np.array([n]) for n in (0, 1, 3, 2, 3)]
    predictions = predicted_alone(model, texts)
    names, known = [*model.targets, "new"], [0, 1, 3]
    score = model.score(ids, targets, names=names)
    logs = [np.log(predictions[n].probabilities[names[targets[n][0]]]) for n in known]
    assert score.loss == pytest.approx(-np.mean(logs), rel=1e-5)
    right = sum(predictions[n].label == names[targets[n][0]] for n in known)
    assert (score.examples, score.accuracy) == (5, right / 5)
    assert score.confusion[3].tolist() == [sum(predictions[n].label == name for n in (2, 4))
                                           for name in model.targets]  # fmt: skip
    assert score.counts.occur[3]
    nothing_known = model.score(ids[2:3], targets[2:3], names=names)
    assert (np.isnan(nothing_known.loss), nothing_known.accuracy) == (True, 0)
    assert "nan" not in scored(nothing_known.scores, "label")


def test_several_labels_of_which_the_model_lacks_some(several):
    """A label that counts as the last one: hit where it is predicted, or in its loss."""
    task = task_on(several)
    model = Predictor(checkpoint_of(task, randomized(task, scale=1.0)))
    texts = ["1", "23", "4", "55"]
    ids = [model.task.read(text) for text in texts]
    has = [[0, 3], [1], [3], [3, 0, 4]]
    new = [*model.targets, "new", "newer"]
    score = model.score(ids, [np.array(labels) for labels in has], names=new)
    predictions = predicted_alone(model, texts)
    names, losses, both, exact = model.targets, [], [0, 0, 0], 0
    for prediction, labels in zip(predictions, has, strict=True):
        for label, name in enumerate(names):
            p = prediction.probabilities[name]
            losses.append(-np.log(p if label in labels else 1 - p))
            both[label] += label in labels and name in prediction.labels
        exact += {new[label] for label in labels} == {*prediction.labels}
    assert score.loss == pytest.approx(np.mean(losses), rel=1e-4)
    assert score.counts.true.tolist() == [2, 1, 0, 3, 1]
    assert score.counts.both.tolist() == [*both, 0, 0]
    assert (score.exact, score.examples) == (exact, 4)


def test_a_threshold_chooses_among_several_labels(several):
    """Labels that stay those above one half; a list of others than these."""
    task = task_on(several)
    model = Predictor(checkpoint_of(task, randomized(task, scale=1.0)))
    (all_of_them,) = model.predict(["23"])
    first, second, third = all_of_them.probabilities.values()
    for threshold, count in ((second, 1), (third, 2), (0.0, 3), (1.0, 0)):
        (found,) = model.predict(["23"], decoding=Decoding(threshold=threshold))
        names = [*all_of_them.probabilities][:count]
        assert [*found.labels] == [*found.listed] == names
        assert found.record()["prediction"] == ",".join(names)
    assert found.probability == pytest.approx((1 - first) * (1 - second) * (1 - third))
    (found,) = model.predict(["23"], decoding=Decoding(top=1, threshold=0.0))
    assert (len(found.listed), len(found.labels)) == (1, 3)


def test_one_label_is_told_from_several(home):
    """A comma within the only label; an empty one among several."""
    one = prepared(home / "one.tsv", "a,b\tx\nc\ty\n" * 3, split="100/0/0")
    assert one.target_vocabulary == ("a,b", "c")
    with pytest.raises(CharRNNError, match="empty label"):
        prepared(home / "bad.tsv", "a,\tx\nc\ty\n", multi_label=True)


def test_several_labels_are_the_same_in_any_order(several):
    """A validation that shows `b,a (it is a,b)` as a mistake."""
    output = task_on(several).output
    prediction = LabelPrediction("12", "b", {"b": 0.9, "a": 0.8, "c": 0.1}, ("b", "a"))
    assert output.shown("12", prediction, np.array([0, 1])) == "12 -> b,a"
    assert output.shown("12", prediction, np.array([0, 2])) == "12 -> b,a (it is a,c)"
