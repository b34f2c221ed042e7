"""A text as a network saw it, made up."""

import numpy as np

from charrnn.extras.probing.findings import Findings, Reading
from charrnn.inference.activations import Activations

TEXT = 'the "old" king\x1b\n' * 3 + "</script><b>\n"


def activations():
    """The text read in two pieces by an LSTM of 1x4."""
    rng = np.random.default_rng(0)
    for piece in (TEXT[:20], TEXT[20:]):
        n = len(piece)
        units = {f"1.{state}": rng.standard_normal((n, 4), np.float32) for state in "hc"}
        gates = {"1.forget": rng.random((n, 4), np.float32)}
        bits, logits = rng.random(n, np.float32) * 9, rng.standard_normal((n, 5), np.float32)
        yield Activations(np.arange(n), list(piece), bits, units, gates, logits)


def reading(emit=lambda _: None):
    """The text as it is about to be read."""
    return Reading(lambda _: activations(), np.arange(len(TEXT)), Findings(TEXT), emit)
