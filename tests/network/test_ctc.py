"""CTC beside all alignments of tiny cases, tried one by one."""

from itertools import groupby, product

import numpy as np
import pytest
import torch

import charrnn.engine.kernels  # noqa: F401  (registers torch's functions)
from charrnn.inference.search import log_probabilities
from charrnn.network.ctc import CTCHead, frames_needed, log_probability, through_symbols
from charrnn.settings import ModelSettings

K, T = 2, 4  # symbols beside the blank, frames
HEAD = CTCHead(ModelSettings(task="rewrite", decoder="ctc"), {})
LABELLINGS = [s for n in range(T + 1) for s in product(range(1, K + 1), repeat=n)]


def some_logs(seed, frames=T):
    """Log-probabilities (T, K + 1)."""
    logits = 2 * np.random.default_rng(seed).normal(size=(frames, 1, K + 1)).astype(np.float32)
    return log_probabilities(logits)[:, 0].astype(np.float64)


def together(logs, texts):
    """What `log_probability` takes of these texts, each a text of logs (T, K + 1)."""
    symbols = np.array([[*text, *[0] * (T - len(text))] for text in texts]).T
    frames = np.full(len(texts), len(logs))
    return np.repeat(logs[:, None], len(texts), 1), frames, symbols, np.array([*map(len, texts)])


def alignments(logs):
    """(its labelling, the alignment, its log-probability) of every one there is."""
    for path in product(range(K + 1), repeat=len(logs)):
        text = tuple(symbol for symbol, _ in groupby(path) if symbol)
        yield text, path, logs[np.arange(len(logs)), path].sum()


def test_a_labelling_has_the_probability_of_all_its_alignments():
    """A repeat that is joined to the one before it; a text that is empty beside longer ones."""
    logs = some_logs(1)
    found = log_probability(*together(logs, LABELLINGS))
    for text, value in zip(LABELLINGS, found, strict=True):
        ways = [way for one, _, way in alignments(logs) if one == text]
        expected = np.logaddexp.reduce(ways) if ways else -np.inf
        assert value == pytest.approx(expected)
        if ways:
            assert frames_needed(np.array([text], int).T, np.array([len(text)]))[0] <= T
    assert np.logaddexp.reduce(found) == pytest.approx(0, abs=1e-5)


def test_a_symbol_is_where_its_alignments_have_it():
    """Positions of another symbol, or of an alignment that is not the likeliest."""
    logs, texts = some_logs(2), [(1,), (2, 1), (1, 1), (2, 2, 1)]
    every = np.exp(through_symbols(*together(logs, texts), np.logaddexp))
    for column, text in enumerate(texts):
        mine = [one for one in alignments(logs) if one[0] == text]
        found, expected = every[:, column], np.zeros((T, T))
        likeliest = max(mine, key=lambda one: one[2])[1]
        for _, path, value in mine:
            for frame, index in frames_of(path):
                expected[frame, index] += np.exp(value)
        assert found == pytest.approx(expected)
        best = through_symbols(*together(logs, texts), np.maximum)[:, column]
        for frame, index in frames_of(likeliest):
            assert best[frame, index] == pytest.approx(best[:, index].max())


def frames_of(path):
    """The frames of an alignment that are symbols, and which of its text's each is."""
    index = -1
    for frame, symbol in enumerate(path):
        if symbol and (frame == 0 or path[frame - 1] != symbol):
            index += 1
        if symbol:
            yield frame, index


def test_numpy_and_torch_have_the_same_losses_also_where_there_is_no_alignment():
    """A padding that counts, a text of one symbol, and one that is longer than its source."""
    random = np.random.default_rng(3)
    logits = random.normal(size=(7, 5, 4)).astype(np.float32)
    frames, lengths = np.array([7, 5, 3, 4, 2]), np.array([3, 1, 3, 2, 2])
    symbols = random.integers(1, 4, (3, 5))
    symbols[:, 3], symbols[:, 4] = 2, 2  # the last needs three frames and has two
    symbols *= np.arange(3)[:, None] < lengths
    losses = HEAD.losses(logits, frames, symbols, lengths)
    tensors = [torch.from_numpy(array) for array in (logits, frames, symbols, lengths)]
    tensors[0].requires_grad_()
    in_torch = HEAD.losses(*tensors)
    assert np.isinf(losses).tolist() == torch.isinf(in_torch).tolist()
    assert np.isinf(losses[4])
    assert losses[:4] == pytest.approx(in_torch[:4].detach().numpy(), abs=1e-4)
    in_torch[:4].nan_to_num(posinf=0.0).sum().backward()
    assert tensors[0].grad.isfinite().all()
    for column in range(4):
        logs = log_probabilities(logits[: frames[column], column]).astype(float)
        text = symbols[: lengths[column], column]
        (alone,) = log_probability(*together(logs, [text]))
        assert -losses[column] == pytest.approx(alone, abs=1e-4)


def test_a_very_long_source_has_a_finite_loss():
    """Probabilities, not their logarithms, that become 0."""
    logits = np.zeros((5000, 1, 3), np.float32)
    args = logits, np.array([5000]), np.ones((4, 1), int), np.array([4])
    expected = HEAD.losses(*map(torch.from_numpy, map(np.asarray, args)))
    assert HEAD.losses(*args) == pytest.approx(expected.numpy(), rel=1e-4)


def test_frames_of_a_position_follow_each_other():
    """Frames of all positions that come before the second frames of them."""
    settings = ModelSettings(task="rewrite", decoder="ctc", ctc_frames=2, hidden_size=4)
    weight = np.zeros((2 * (K + 1), 4), np.float32)
    bias = np.arange(2 * (K + 1), dtype=np.float32)
    head = CTCHead(settings, {"head.weight": weight, "head.bias": bias})
    outputs, mask = np.zeros((3, 2, 4), np.float32), np.array([[1, 1], [1, 1], [1, 0]], bool)
    logits, frames = head.logits(outputs, mask)
    assert frames.tolist() == [6, 4]
    assert logits[:, 0].tolist() == [[0, 1, 2], [3, 4, 5]] * 3
