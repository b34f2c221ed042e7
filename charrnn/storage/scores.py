"""Scores that were computed before: `corpora/.scores.json`.

Each has the digest of everything that it depends on, so one that is out of date is never found. No
run brings any along: what somebody else has measured is measured again.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn import __version__
from charrnn.files import atomic_write, corpora, open_regular
from charrnn.inference.score import Score
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import to_json

_FILE = ".scores.json"
_KEPT, _LONGEST = 1000, 1 << 20  # scores, and bytes of them


def digest(*parts: Any) -> str:
    """The digest of arrays, and of whatever JSON can hold."""
    whole = hashlib.sha256(__version__.encode())
    for part in parts:
        if isinstance(part, np.ndarray):
            whole.update(f"{part.dtype.str}{part.shape}".encode())
            whole.update(np.ascontiguousarray(part).data)
        else:
            whole.update(json.dumps(part, sort_keys=True).encode())
    return whole.hexdigest()


def digest_of_model(checkpoint: Checkpoint) -> str:
    """The digest of what a model computes: its weights, its network and its tokenizer."""
    about = checkpoint.describe()
    network = [about["model"], about.get("labels"), to_json(checkpoint.tokenizer)]
    weights = (part for item in sorted(checkpoint.weights.items()) for part in item)
    return digest(network, *weights)


def recall_score(
    checkpoint: Checkpoint, tokens: NDArray[Any], protocol: str = "stream"
) -> Score | None:
    """The score of a model on tokens (N,), if it is remembered."""
    known = recall(_key(checkpoint, tokens, protocol))
    if known is None or known.keys() != {field.name for field in fields(Score)}:
        return None
    return Score(**known)  # type: ignore[arg-type]  # counts are integers in JSON, too


def remember_score(
    checkpoint: Checkpoint, tokens: NDArray[Any], protocol: str, score: Score
) -> None:
    """Remember the score of a model on tokens (N,)."""
    remember(_key(checkpoint, tokens, protocol), vars(score))


def _key(checkpoint: Checkpoint, tokens: NDArray[Any], protocol: str) -> str:
    return digest("score", digest_of_model(checkpoint), tokens, protocol)


def recall(key: str) -> dict[str, float] | None:
    """The scores that were remembered under this digest."""
    scores = _read().get(key)
    return dict(scores) if isinstance(scores, dict) and _are_scores(scores) else None


def remember(key: str, scores: Mapping[str, float]) -> None:
    """Keep scores that are finite, in place of the oldest. Where the disk refuses, they are not."""
    if _are_scores(scores) and corpora().is_dir():
        kept = dict([*_read().items(), (key, dict(scores))][-_KEPT:])
        with suppress(OSError), atomic_write(corpora() / _FILE) as file:
            file.write(json.dumps(kept).encode())


def _are_scores(scores: Mapping[str, Any]) -> bool:
    return all(type(value) in (int, float) and math.isfinite(value) for value in scores.values())


def _read() -> dict[str, Any]:
    kept: Any = {}
    with (
        suppress(OSError, ValueError, RecursionError),
        open_regular(corpora() / _FILE, _LONGEST) as file,
    ):
        kept = json.load(file)
    return kept if isinstance(kept, dict) else {}
