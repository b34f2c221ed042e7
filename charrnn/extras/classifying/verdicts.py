"""Which run most likely wrote a text: the one whose model needs the fewest bits for it.

Bits of a whole text compare whatever the tokenizers are. Every text is read from a fresh start, so
that its first token is predicted, too.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import cross_entropy
from charrnn.inference.sampling import check_finite, start_of
from charrnn.network.language_model import LanguageModel
from charrnn.settings import UnknownName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Ids, Tokenizer, valid_unicode
from charrnn.text.unknown import known_text

UNKNOWN_BITS = math.log2(150_000)
"""What a character costs that a vocabulary lacks: a guess among those that Unicode has assigned."""

_TEXTS = 64  # read side by side
_STEPS, _LOGITS = 64, 1 << 22  # computed at once, which bounds the memory
_GROUP_TEXTS, _GROUP_CHARACTERS = 1024, 1 << 20  # that are held at once

Bits = NDArray[np.float64]


@dataclass(frozen=True)
class Given:
    """A text to classify: number `number` of `source`. `label`: the run that wrote it."""

    number: int
    source: str
    text: str
    label: str | None = None


@dataclass(frozen=True)
class Verdict(Given):
    """`bits` of a text by run, and the run that needs the fewest."""

    bits: Mapping[str, float] = field(default_factory=dict)

    @property
    def run(self) -> str:
        """The run that most likely wrote the text."""
        return min(self.bits, key=self.bits.__getitem__)

    @property
    def log_odds(self) -> float:
        """Bits by which the next best run is behind."""
        best, second = sorted(self.bits.values())[:2]
        return second - best

    @property
    def probabilities(self) -> dict[str, float]:
        """By run, each being as likely as any other before the text is read."""
        least = min(self.bits.values())
        odds = {run: 2.0 ** max(least - bits, -1000.0) for run, bits in self.bits.items()}
        return {run: value / sum(odds.values()) for run, value in odds.items()}

    def record(self) -> dict[str, Any]:
        """Everything but the text, as JSON has it."""
        label = {} if self.label is None else {"label": self.label}
        return {"kind": "text", "number": self.number, "source": self.source, "run": self.run,
                "log_odds": self.log_odds, "probabilities": self.probabilities,
                "bits": dict(self.bits)} | label  # fmt: skip


class Accuracy:
    """How many labelled texts were given to their own run: `confusion[label][run]`."""

    def __init__(self, runs: Iterable[str]) -> None:
        self.confusion = {label: dict.fromkeys(runs, 0) for label in runs}

    def count(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The same verdicts, which have labels, counted as they pass."""
        for verdict in verdicts:
            self.confusion[str(verdict.label)][verdict.run] += 1
            yield verdict

    @property
    def texts(self) -> int:
        """Texts so far."""
        return sum(sum(row.values()) for row in self.confusion.values())

    @property
    def accuracy(self) -> float:
        """From 0 to 1; 0 for no texts."""
        return sum(row[label] for label, row in self.confusion.items()) / max(1, self.texts)

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "kind": "accuracy",
            "texts": self.texts,
            "accuracy": self.accuracy,
            "confusion": self.confusion,
        }


def verdicts_on(
    runs: Mapping[str, Checkpoint], texts: Iterable[Given], unknown: UnknownName
) -> Iterator[Verdict]:
    """The verdict on each text, in order. `unknown`: see `bits_of_texts`.

    DivergedError if a model's logits are not finite.
    """
    networks = {name: LanguageModel(run.model, run.weights) for name, run in runs.items()}
    for group in _groups(texts):
        each = [given.text for given in group]
        bits = {name: bits_of_texts(network, runs[name].tokenizer, each, unknown).tolist()
                for name, network in networks.items()}  # fmt: skip
        for given, *values in zip(group, *bits.values(), strict=True):
            text = valid_unicode(given.text)
            yield Verdict(
                given.number, given.source, text, given.label, dict(zip(bits, values, strict=True))
            )


def _groups(texts: Iterable[Given]) -> Iterator[list[Given]]:
    group: list[Given] = []
    characters = 0
    for given in texts:
        group.append(given)
        characters += len(given.text)
        if len(group) == _GROUP_TEXTS or characters >= _GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


def bits_of_texts(
    network: LanguageModel, tokenizer: Tokenizer, texts: Sequence[str], unknown: UnknownName
) -> Bits:
    """The bits (N,) of N texts.

    A character that the vocabulary lacks is an error (TextError); or it is skipped, and costs
    `UNKNOWN_BITS`; or the nearest character there is takes its place.
    """
    bits, ids = np.zeros(len(texts)), list[Ids]()
    for number, text in enumerate(texts):
        readable, unreadable = known_text(text, tokenizer, unknown)
        ids.append(tokenizer.encode(readable))
        if unknown == "skip":
            bits[number] = unreadable * UNKNOWN_BITS
    start = tokenizer.encode(start_of(tokenizer))
    by_length = sorted(range(len(texts)), key=lambda number: len(ids[number]))
    for first in range(0, len(texts), _TEXTS):
        batch = by_length[first : first + _TEXTS]
        bits[batch] += _bits(network, [ids[number] for number in batch], start)
    return bits


def _bits(network: LanguageModel, texts: Sequence[Ids], start: Ids) -> Bits:
    """The bits (B,) of texts that are read side by side, each after `start`.

    The shorter ones are padded at the end, where nothing depends on them any more.
    """
    lengths = np.array([len(ids) for ids in texts])
    padded = np.zeros((len(start) + max(lengths), len(texts)), np.int64)
    padded[: len(start)] = start[:, None]
    for column, ids in enumerate(texts):
        padded[len(start) : len(start) + len(ids), column] = ids
    steps = max(1, min(_STEPS, _LOGITS // (len(texts) * len(network.weights["head.bias"]))))
    state, total = network.zero_state(len(texts)), np.zeros(len(texts))
    for first in range(0, len(padded) - 1, steps):
        last = min(first + steps, len(padded) - 1)
        with np.errstate(all="ignore"):
            run = network.trace(padded[first:last], state)
            nats = cross_entropy(run.logits, padded[first + 1 : last + 1])
        state = run.last_state
        targets = np.arange(first + 1, last + 1)[:, None] - len(start)  # indices in a text
        mask = (targets >= 0) & (targets < lengths)
        total += np.where(mask, nats, 0).sum(0, dtype=np.float64)
    check_finite(bool(np.isfinite(total).all()))
    return total / math.log(2)
