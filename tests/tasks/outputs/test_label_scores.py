"""How well labels are predicted."""

import numpy as np
import pytest

from charrnn.tasks.outputs.label_scores import score_of
from charrnn.tasks.outputs.multi_label_scores import multi_label_score_of


@pytest.mark.parametrize("logit", [0.0, 5.0, 17.0, 60.0, 3e4])
def test_the_loss_of_a_confident_error_is_its_logit(logit):
    """A probability that is rounded to 0 or 1 before its logarithm is taken."""
    right = np.array([[logit, 0.0]], np.float32)
    assert score_of(right, np.array([1])).loss == pytest.approx(np.logaddexp(0, logit))
    wrong = np.array([[False, True]])
    several = multi_label_score_of(right, wrong, np.array([0]))
    assert several.loss == pytest.approx((np.logaddexp(0, logit) + np.log(2)) / 2)
