"""How well labels are predicted."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.tasks.outputs.label_scores import LabelScore, multi_label_score_of, score_of


@pytest.mark.parametrize("logit", [0.0, 5.0, 17.0, 60.0, 3e4])
def test_the_loss_of_a_confident_error_is_its_logit(logit):
    """A probability that is rounded to 0 or 1 before its logarithm is taken."""
    right = np.array([[logit, 0.0]], np.float32)
    assert score_of(right, np.array([1])).loss == pytest.approx(np.logaddexp(0, logit))
    wrong = np.array([[False, True]])
    several = multi_label_score_of(right, wrong, np.array([0]))
    assert several.loss == pytest.approx((np.logaddexp(0, logit) + np.log(2)) / 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(pairs):
    """A label that nobody has or gives; rows taken for columns."""
    true, said = np.array(pairs).T
    score = score_of(np.eye(4, dtype=np.float32)[said], true)
    assert score.accuracy == pytest.approx(float((true == said).mean()))
    expected = []
    for label in range(4):
        right = int(((true == label) & (said == label)).sum())
        precision = right / max(1, int((said == label).sum()))
        recall = right / max(1, int((true == label).sum()))
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        assert score.counts.f1[label] == pytest.approx(f1)
        if label in true:
            expected.append(f1)
    assert score.scores["macro_f1"] == pytest.approx(np.mean(expected))


def test_the_confusion_matrix_is_shown_of_up_to_a_dozen():
    """A row that is a column; a table that no terminal is wide enough for."""
    score = LabelScore(0.5, np.array([[3, 1], [0, 2]]))
    by_label, matrix = score.tables(["fire", "sea"])
    assert next(iter(by_label.rows))[:4] == ["fire", 4, 1.0, 0.75]
    assert [[cell.value for cell in row[1:]] for row in matrix.rows] == [[3, 1], [None, 2]]
    wide = LabelScore(0.5, np.eye(13, dtype=np.int64))
    assert len(wide.tables([*"abcdefghijklm"])) == 1
