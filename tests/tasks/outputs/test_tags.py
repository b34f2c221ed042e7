"""Tags: what they belong to, and scores against counts by hand."""

from itertools import product

import numpy as np
import pytest

from charrnn.errors import CharRNNError
from charrnn.models.predictor import Predictor
from charrnn.tasks.outputs.spans import Scheme
from charrnn.tasks.outputs.tag_prediction import TagPrediction
from tests.tasks.conftest import checkpoint_of, prepared, randomized, task_on

LINES = "from\tO\nab\tB-x\n\nab\t?\nc\tO\n\n" * 4


@pytest.fixture
def corpus(home):
    """Tokens with three tags, of which one is a question mark."""
    corpus = prepared(home / "tags.tsv", LINES, "tag", split="100/0/0")
    assert corpus.target_vocabulary == ("?", "B-x", "O")
    return corpus


@pytest.mark.parametrize("crf", [False, True])
def test_a_tag_that_the_model_lacks_is_wrong_and_without_a_loss(corpus, crf):
    """A tag that only a file has, shown as `?` or counted as the last one; a loss of its text."""
    task = task_on(corpus, crf=crf)
    for seed in range(9):
        model = Predictor(checkpoint_of(task, randomized(task, seed, scale=1.0)))
        texts, targets = ["ab c from", "c ab"], [[0, 3, 3], [1, 2]]
        ids = [model.task.read(text) for text in texts]
        names = [*model.targets, "I-new"]
        score = model.score(ids, [*map(np.array, targets)], names=names)
        known = model.score(ids[1:], [np.array(targets[1])])
        assert score.loss == pytest.approx(known.loss, rel=1e-5)
        tags = [model.predict([text])[0].tags for text in texts]
        right = sum(
            tag < 3 and model.targets[tag] == predicted
            for true, row in zip(targets, tags, strict=True)
            for tag, predicted in zip(true, row, strict=True)
        )
        assert (score.tokens, score.right) == (5, right)
        assert score.true["new"] == 1  # one span, which none that is predicted equals
        assert score.both["new"] == 0
    assert np.isnan(model.score(ids[:1], [np.array(targets[0])], names=names).loss)


@pytest.mark.parametrize("crf", [False, True])
def test_the_predicted_tags_are_the_likeliest_of_all(corpus, crf):
    """A probability that is another text's, or one of which all together are not 1."""
    task = task_on(corpus, crf=crf)
    model = Predictor(checkpoint_of(task, randomized(task, scale=1.0)))
    (found, _) = model.predict(["ab c from", "c"])
    every = [np.array(tags) for tags in product(range(3), repeat=3)]
    items = [model.task.read("ab c from")] * len(every)
    probabilities = np.exp(-model.task.losses(model.network, items, every))
    assert probabilities.sum() == pytest.approx(1, rel=1e-5)
    assert found.probability == pytest.approx(probabilities.max(), rel=1e-5)


def test_the_losses_of_a_batch_are_a_mean_of_tags(corpus):
    """Tags of padding that have a loss."""
    task = task_on(corpus)
    model = Predictor(checkpoint_of(task, randomized(task)))
    ids = [model.task.read(text) for text in ("ab c from ab", "c")]
    targets = [np.array([0, 1, 2, 1]), np.array([2])]
    losses = [model.score(ids[n : n + 1], targets[n : n + 1]).loss for n in (0, 1)]
    assert model.score(ids, targets).loss == pytest.approx((4 * losses[0] + losses[1]) / 5)


def test_a_token_has_no_space(home):
    """A token that `predict` would take for two."""
    with pytest.raises(CharRNNError, match="a space in it"):
        prepared(home / "tags.tsv", "a b\tO\nc\tX\n", "tag")


def test_a_validation_shows_spans_in_brackets(corpus):
    """Tags beside a text, which a reader must count; a bracket of the wrong token."""
    shown = task_on(corpus).output.shown
    tags = ["O", "B-x", "I-x", "B-x", "O"]
    scheme = Scheme(corpus.target_vocabulary)
    prediction = TagPrediction("", ["from", "ab", "c", "d", "e"], tags, 1.0, scheme)
    assert shown("", prediction, np.array([0])) == "from [ab c x] [d x] e"
    assert TagPrediction("", [*"abc"], ["O", "x", "x"], 1.0, scheme, "").bracketed(2) == "a[b x]"
