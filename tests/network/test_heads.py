"""The heads: for labels beside each text alone, for tags beside all sequences, tried one by one."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.network.heads import LabelHead, TagHead, viterbi
from charrnn.settings import ModelSettings
from tests.random_models import random_weights

K = 3
LENGTHS = [4, 1, 3]


def score_by_hand(logits, tags, start, transitions, end):
    """The score of one sequence of tags (N,) by its logits (N, K)."""
    at_each = sum(logit[tag] for logit, tag in zip(logits, tags, strict=True))
    between = sum(transitions[a, b] for a, b in pairwise(tags))
    return start[tags[0]] + at_each + between + end[tags[-1]]


def scores_by_hand(logits, *crf):
    """The score of every sequence of tags."""
    sequences = product(range(K), repeat=len(logits))
    return {tags: score_by_hand(logits, tags, *crf) for tags in sequences}


def arrays_of(seed):
    """Logits (N, B, K), tags (N, B), and the start, inner and end transitions."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (max(LENGTHS) + 1, len(LENGTHS), K)).astype("f")
    crf = [rng.normal(size=shape).astype("f") for shape in (K, (K, K), K)]
    return logits, rng.integers(0, K, logits.shape[:2]), crf


@given(st.integers(0, 2**32 - 1))
def test_a_loss_is_the_partition_less_the_score(seed):
    """Transitions on their side; a boundary that is counted twice, or in the padding."""
    logits, tags, crf = arrays_of(seed)
    weights = dict(zip(("crf.first", "crf.transitions", "crf.last"), crf, strict=True))
    settings = ModelSettings(task="tag", crf=True)
    losses = TagHead(settings, weights).losses(logits, tags, np.array(LENGTHS))
    tensors = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    in_torch = TagHead(settings, tensors).losses(
        *map(torch.from_numpy, (logits, tags, np.array(LENGTHS)))
    )
    for column, length in enumerate(LENGTHS):
        scores = scores_by_hand(logits[:length, column], *crf)
        partition = np.log(sum(np.exp(score) for score in scores.values()))
        expected = partition - scores[tuple(tags[:length, column].tolist())]
        assert losses[column] == pytest.approx(expected, abs=1e-4)
        assert in_torch[column].item() == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 2**32 - 1))
def test_viterbi_finds_the_best_of_all_sequences(seed):
    """A path that is the best only up to its last tag; an origin of another step."""
    logits, _, crf = arrays_of(seed)
    weights = dict(zip(("crf.first", "crf.transitions", "crf.last"), crf, strict=True))
    head = TagHead(ModelSettings(task="tag", crf=True), weights)
    for column, length in enumerate(LENGTHS):
        text = logits[:length, column]
        scores = scores_by_hand(text, *crf)
        best = max(scores, key=scores.__getitem__)
        assert tuple(viterbi(text, *crf).tolist()) == tuple(head.likeliest(text).tolist()) == best


def test_without_a_crf_each_tag_is_predicted_by_itself():
    """A transition where there are none; a loss of the padding, or a mean over it."""
    logits, tags, _ = arrays_of(1)
    head = TagHead(ModelSettings(task="tag"), {})
    losses = head.losses(logits, tags, np.array(LENGTHS))
    for column, length in enumerate(LENGTHS):
        rows = logits[:length, column].astype(float)
        probabilities = np.exp(rows) / np.exp(rows).sum(1, keepdims=True)
        expected = -sum(
            np.log(p[tag]) for p, tag in zip(probabilities, tags[:length, column], strict=True)
        )
        assert losses[column] == pytest.approx(expected, rel=1e-5)
        assert head.likeliest(logits[:length, column]).tolist() == rows.argmax(1).tolist()


def test_logits_are_of_the_states_at_a_tokens_boundaries():
    """A token that is tagged by its first character, or by its neighbour's."""
    settings = ModelSettings(task="tag", hidden_size=2, bidirectional=True)
    weights = random_weights(TagHead.parameters(settings, K))
    outputs = np.random.default_rng(3).normal(size=(5, 1, 4)).astype("f")
    logits = TagHead(settings, weights).logits(outputs, np.array([[[0], [3]], [[1], [4]]]))
    for token, (first, last) in enumerate([(0, 1), (3, 4)]):
        features = [*outputs[last, 0, :2], *outputs[first, 0, 2:]]
        expected = weights["head.weight"] @ features + weights["head.bias"]
        np.testing.assert_allclose(logits[token, 0], expected, rtol=1e-5, atol=1e-6)


def test_logits_are_of_the_mean_and_the_maximum_of_each_text():
    """Padding that is averaged, or taken for the largest; the maximum before the mean."""
    settings = ModelSettings(task="label", hidden_size=4)
    weights = random_weights(LabelHead.parameters(settings, 3))
    outputs = np.random.default_rng(1).normal(-1, 1, (6, 3, 4)).astype("f")
    lengths = [6, 1, 4]
    logits = LabelHead(settings, weights).logits(outputs, np.arange(6)[:, None] < lengths)
    for column, length in enumerate(lengths):
        text = outputs[:length, column]
        features = np.array([*text.mean(0), *text.max(0)])
        expected = weights["head.weight"] @ features + weights["head.bias"]
        np.testing.assert_allclose(logits[column], expected, rtol=1e-5)


@pytest.mark.parametrize("length", [256, 257, 1001])
def test_a_mean_over_a_long_text_is_divided_by_its_length(length):
    """A length that bfloat16 rounds: the sum of 257 outputs, divided by 256."""
    head, features = LabelHead(ModelSettings(hidden_size=4), {}), []
    head.predict = features.append
    outputs = torch.zeros(length, 1, 4, dtype=torch.bfloat16)
    outputs[3] = 2
    head.logits(outputs, outputs[..., 0] >= 0)
    assert features[0][0, 0] == torch.tensor(2.0) / length
    assert features[0][0, 4] == 2
