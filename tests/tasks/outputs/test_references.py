"""Scores beside those of scikit-learn, seqeval and jiwer, on random sets."""

import random
from functools import partial

import jiwer
import numpy as np
import pytest
from seqeval import scheme as schemes
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as spans_by_default
from seqeval.metrics.v1 import precision_recall_fscore_support as spans_in_scheme
from sklearn import metrics

from charrnn.cells.arrays import sigmoid, softmax
from charrnn.tasks.outputs.label_scores import multi_label_score_of, score_of
from charrnn.tasks.outputs.sequence_scores import RewriteScore
from charrnn.tasks.outputs.spans import Scheme
from charrnn.tasks.outputs.tag_scores import TagScore

SETS, FEWER = 100, 50  # 500 of each were tried

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning"),  # 0, as ours
    pytest.mark.filterwarnings("ignore:.*seems not to be NE tag:UserWarning"),  # it reads them
]


def test_labels_are_scored_as_by_scikit_learn():
    """A macro F1 without labels that are only predicted, or that only the examples have."""
    for seed in range(FEWER):
        rng = np.random.default_rng(seed)
        known, names = rng.integers(2, 6), [*"abcdefgh"[: rng.integers(6, 9)]]
        logits = rng.normal(size=(rng.integers(1, 25), known)).astype(np.float32)
        true = rng.integers(0, rng.integers(1, len(names) + 1), len(logits))
        said, score = logits.argmax(1), score_of([(logits, true)], names)
        assert score.accuracy == pytest.approx(metrics.accuracy_score(true, said))
        macro = metrics.f1_score(true, said, average="macro")
        assert score.scores["macro_f1"] == pytest.approx(macro)
        each = metrics.precision_recall_fscore_support(true, said, labels=range(len(names)))
        ours = score.counts.precision, score.counts.recall, score.counts.f1, score.counts.true
        np.testing.assert_allclose(ours, each)
        square = np.pad(score.confusion, ((0, 0), (0, len(names) - known)))
        theirs = metrics.confusion_matrix(true, said, labels=range(len(names)))
        np.testing.assert_array_equal(square, theirs)
        mine = true < known
        if mine.any():
            probabilities = softmax(logits[mine].astype(float))
            loss = metrics.log_loss(true[mine], probabilities, labels=range(known))
            assert score.loss == pytest.approx(loss, rel=1e-6)


def test_several_labels_are_scored_as_by_scikit_learn():
    """A label that only the examples have, left out of a mean or of an exact match."""
    for seed in range(FEWER):
        rng = np.random.default_rng(seed)
        known, labels = rng.integers(2, 5), rng.integers(5, 7)
        logits = rng.normal(-0.5, size=(rng.integers(1, 25), known)).astype(np.float32)
        true = rng.random((len(logits), labels)) < rng.random(labels) * rng.integers(0, 2, labels)
        said = np.pad(logits > 0, ((0, 0), (0, labels - known)))
        score = multi_label_score_of([(logits, true)], "abcdef"[:labels])
        assert score.accuracy == pytest.approx(metrics.accuracy_score(true, said))
        seen = np.flatnonzero((true | said).any(0))  # its macro F1 counts a label that is nowhere
        if len(seen):
            macro = metrics.f1_score(true, said, labels=seen, average="macro")
            assert score.counts.macro_f1 == pytest.approx(macro)
        assert score.counts.micro_f1 == pytest.approx(metrics.f1_score(true, said, average="micro"))
        each = metrics.precision_recall_fscore_support(true, said)
        ours = score.counts.precision, score.counts.recall, score.counts.f1, score.counts.true
        np.testing.assert_allclose(ours, each)
        probabilities = sigmoid(logits.astype(float)).ravel()
        loss = metrics.log_loss(true[:, :known].ravel(), probabilities, labels=[0, 1])
        assert score.loss == pytest.approx(loss, rel=1e-6)


def _compare_spans(vocabulary, true, said, theirs):
    """Precision, recall, F1 and number of spans, in all and by kind."""
    score = TagScore(Scheme(vocabulary))
    for pair in zip(true, said, strict=True):
        score.add(*pair)
    assert score.span_f1 == pytest.approx(theirs(average="micro")[2])
    rows = sorted(score.counts.rows(score.kinds))
    found = np.array([[row[2], row[3], row[4], row[1]] for row in rows])
    np.testing.assert_allclose(found.T if rows else np.zeros((4, 0)), theirs(average=None))


@pytest.mark.parametrize(
    ("letters", "form"),
    [("BI", "{}-{}"), ("BIES", "{}-{}"), ("BILU", "{}-{}"), ("BMES", "{}-{}"), ("IE", "{}-{}"),
     ("BI", "{1}-{0}"), ("BIES", "{1}-{0}"), ("BI", "{}"), ("BMES", "{}"), ("BI", "{}_{}"),
     ("BIES", "{1}_{0}")],
)  # fmt: skip
def test_any_tags_mark_the_spans_that_seqeval_reads(letters, form):
    """Tags without a kind, or with it in front, that are no spans; M or U that is not I or S."""
    kinds = ["x", "y-z"] if form != "{}" else [""]
    vocabulary = ["O", *(form.format(letter, kind) for letter in letters for kind in kinds)]
    renamed = str.maketrans("MLU_", "IES-")
    for seed in range(SETS):
        rng = random.Random(seed)
        true = [rng.choices(vocabulary, k=rng.randint(1, 11)) for _ in range(rng.randint(1, 4))]
        said = [[tag if rng.random() < 0.6 else rng.choice(vocabulary) for tag in tags]
                for tags in true]  # fmt: skip
        both = [[[tag.translate(renamed) for tag in tags] for tags in texts]
                for texts in (true, said)]  # fmt: skip
        suffix = form.startswith("{1}")
        theirs = partial(spans_by_default, *both, zero_division=0, suffix=suffix)
        _compare_spans(vocabulary, true, said, theirs)


def _marked(rng, length, first, inside, last, only):
    """Tags of random spans, by the letter of each place in a span."""
    tags = []
    while len(tags) < length:
        kind, size = rng.choice("xyO"), rng.randint(1, min(4, length - len(tags)))
        letters = only if size == 1 else first + inside * (size - 2) + last
        tags += ["O"] if kind == "O" else [f"{letter}-{kind}" for letter in letters]
    return tags


@pytest.mark.parametrize(
    ("scheme", "letters"),
    [(schemes.IOB2, "BIIB"), (schemes.IOE2, "IIEE"), (schemes.IOBES, "BIES"),
     (schemes.BILOU, "BILU")],
)  # fmt: skip
def test_spans_in_a_scheme_are_those_of_its_strict_mode(scheme, letters):
    """A scheme that is read as another one."""
    vocabulary = ["O", *(f"{letter}-{kind}" for letter in {*letters} for kind in "xy")]
    for seed in range(SETS):
        rng = random.Random(seed)
        true = [_marked(rng, rng.randint(1, 9), *letters) for _ in range(rng.randint(1, 4))]
        said = [_marked(rng, len(tags), *letters) for tags in true]
        theirs = partial(spans_in_scheme, true, said, zero_division=0, scheme=scheme)
        _compare_spans(vocabulary, true, said, theirs)


@pytest.mark.parametrize("unit", ["character", "word"])
def test_error_rates_are_those_of_jiwer(unit):
    """Errors per symbol that is written, or the mean of the rates of texts."""
    rate, symbols = (jiwer.wer, "abc") if unit == "word" else (jiwer.cer, "ab c")
    between = " " if unit == "word" else ""
    apart = (
        jiwer.ReduceToListOfListOfWords if unit == "word" else jiwer.ReduceToListOfListOfChars
    )()
    for seed in range(SETS):
        rng = random.Random(seed)
        score, true = RewriteScore(unit), []
        true = [rng.choices(symbols, k=rng.randint(1, 8)) for _ in range(rng.randint(1, 6))]
        said = [rng.choices(f"{symbols}d", k=rng.randint(0, 9)) for _ in true]
        for pair in zip(true, said, strict=True):
            score.add(*pair)
        texts = ([*map(between.join, each)] for each in (true, said))
        assert score.error_rate == pytest.approx(rate(*texts, apart, apart))
