"""How well labels are predicted."""

import numpy as np
import pytest

from charrnn.tasks.outputs.label_scores import LabelScore, multi_label_score_of, score_of


@pytest.mark.parametrize("logit", [0.0, 5.0, 17.0, 60.0, 3e4])
def test_the_loss_of_a_confident_error_is_its_logit(logit):
    """A probability that is rounded to 0 or 1 before its logarithm is taken."""
    right = np.array([[logit, 0.0]], np.float32)
    assert score_of([(right, np.array([1]))], "ab").loss == pytest.approx(np.logaddexp(0, logit))
    wrong = np.array([[False, True]])
    several = multi_label_score_of([(right, wrong)], "ab")
    assert several.loss == pytest.approx((np.logaddexp(0, logit) + np.log(2)) / 2)


def test_the_confusion_matrix_is_shown_of_up_to_a_dozen():
    """A row that is a column; a table that no terminal is wide enough for."""
    score = LabelScore(0.5, np.array([[3, 1], [0, 2]]), ["fire", "sea"])
    by_label, matrix = score.tables()
    assert next(iter(by_label.rows))[:4] == ["fire", 4, 1.0, 0.75]
    assert [[cell.value for cell in row[1:]] for row in matrix.rows] == [[3, 1], [None, 2]]
    long = LabelScore(0.5, np.eye(2, dtype=np.int64), ["weather fine", "weather foul"]).tables()[1]
    assert [row[0] for row in long.rows] == ["weather fine", "weather foul"]
    assert long.heads == ["", "weather f…", "weather f…"]
    wide = LabelScore(0.5, np.eye(13, dtype=np.int64), [*"abcdefghijklm"])
    assert len(wide.tables()) == 1
