"""Which run most likely wrote a text: the one whose model needs the fewest bits for it.

Bits of a whole text compare whatever the tokenizers are. Every text is read from a fresh start, so
that its first token is predicted, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from charrnn.events import Emit
from charrnn.extras.classifying.reading import Reader
from charrnn.settings import UnknownName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import valid_unicode

_GROUP_TEXTS, _GROUP_CHARACTERS = 1 << 14, 1 << 20  # that are held at once


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
    runs: Mapping[str, Checkpoint],
    texts: Iterable[Given],
    unknown: UnknownName,
    emit: Emit = lambda _: None,
) -> Iterator[Verdict]:
    """The verdict on each text, in order. Errors and `unknown`: see `Reader.bits`."""
    readers = {name: Reader(run) for name, run in runs.items()}
    for group in _groups(texts):
        each = [given.text for given in group]
        bits = {name: reader.bits(each, unknown, emit).tolist() for name, reader in readers.items()}
        for given, *values in zip(group, *bits.values(), strict=True):
            known = vars(given) | {"text": valid_unicode(given.text)}
            yield Verdict(**known, bits=dict(zip(bits, values, strict=True)))


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
