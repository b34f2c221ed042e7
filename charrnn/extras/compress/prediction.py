"""What a model expects of the next token, computed alike by whoever writes and whoever reads.

Writer and reader must compute the same numbers to the last bit. So both take the same steps one by
one, with NumPy; a whole sequence at once would round differently.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import DivergedError
from charrnn.events import Emit
from charrnn.inference.sampling import start_of
from charrnn.network.language_model import LanguageModel
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.text.tokenizers import to_json

if TYPE_CHECKING:
    from charrnn.evaluation.dynamic import Learner

_PROBE = 200
"""Tokens whose probabilities tell whether two machines compute alike."""


class Predictor:
    """A model that reads a text token by token: `weights` are what it expects next.

    They are in proportion to the probabilities (V,), the largest is 1. With `learner` the model
    learns from every segment that it has read; without it stays as it was trained.
    """

    weights: NDArray[np.float32]

    def __init__(self, checkpoint: Checkpoint, learner: "Learner | None" = None) -> None:
        self._settings, self._learner = checkpoint.model, learner
        self._start = checkpoint.tokenizer.encode(start_of(checkpoint.tokenizer)).tolist()
        self._arrays: Any = learner.arrays() if learner else checkpoint.weights
        self.restart()

    def restart(self) -> None:
        """Begin a text again, with the weights of the training.

        DivergedError if the model gives no finite logits; so does `read`.
        """
        if self._learner:
            self._learner.restart()
        self._network = LanguageModel(self._settings, self._arrays)
        self._state = self._network.zero_state()
        self._segment: list[int] = []
        for token in self._start:
            self.read(token)

    def read(self, token: int) -> None:
        """Read a token, and predict the next one."""
        if self._learner:
            self._learn(self._learner, token)
        with np.errstate(all="ignore"):
            logits, self._state = self._network.step(token, self._state)
            top = logits.max()
            if not np.isfinite(top):
                raise DivergedError(
                    "the model has diverged: its outputs are not finite", "Train another one."
                )
            self.weights = np.exp(logits - top)

    def _learn(self, learner: "Learner", token: int) -> None:
        """Note a token, and learn from a whole segment and the token before it."""
        self._segment.append(token)
        if len(self._segment) > learner.segment:
            learner.learn(np.array(self._segment))
            self._segment = [token]
            self._network = LanguageModel(self._settings, self._arrays)  # its table has changed


@contextmanager
def predictor_of(
    checkpoint: Checkpoint, dynamic: bool, emit: Emit, hint: str
) -> Iterator[Predictor]:
    """The predictor of a model. TextError with the hint if `dynamic` and its corpus is not here."""
    if not dynamic:
        yield Predictor(checkpoint)
        return
    train = corpus_of(checkpoint, hint).part("train")
    from charrnn.engine.devices import cpu_threads
    from charrnn.engine.module import module_of
    from charrnn.evaluation.dynamic import Learner
    from charrnn.tasks import task_of

    model = module_of(task_of(checkpoint.model, checkpoint), checkpoint.model)
    model.load(checkpoint.weights)
    with cpu_threads(1):  # several would add up in another order on a machine with more cores
        yield Predictor(checkpoint, Learner(model, train, emit))


def identity(checkpoint: Checkpoint) -> bytes:
    """SHA-256 of what a model computes with: its cell, its weights and its tokenizer."""
    about = json.dumps([checkpoint.model.cell, to_json(checkpoint.tokenizer)])
    digest = sha256(about.encode())
    for name, weight in sorted(checkpoint.weights.items()):
        digest.update(f"{name}{weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight, "<f4").tobytes())
    return digest.digest()


def fingerprint(predictor: Predictor, model: bytes, size: int) -> bytes:
    """SHA-256 of the exact bits of what a predictor expects on a text that follows from `model`.

    `size` is the number of tokens (V). The predictor is at its beginning again afterwards.
    """
    digest = sha256()
    for step in range(_PROBE):
        digest.update(predictor.weights.astype("<f4").tobytes())
        drawn = sha256(model + step.to_bytes(4, "little")).digest()
        predictor.read(int.from_bytes(drawn[:8], "little") % size)
    digest.update(predictor.weights.astype("<f4").tobytes())
    predictor.restart()
    return digest.digest()
