"""Which units follow which property of a text, and how saturated the gates are.

Both are computed from sums, so that a text of any length takes the same memory.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, plural
from charrnn.events import Emit, Progress
from charrnn.extras.probing.properties import PROPERTIES
from charrnn.inference.activations import Activations, read_text
from charrnn.network.language_model import LanguageModel
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Ids, valid_unicode

PROTOCOL = "stream, from the first token"
"""How the text is read. `eval` does not score the first token, which has nothing before it."""

SHUT, OPEN = 0.1, 0.9
"""A gate is saturated below and above these: Karpathy et al. 2015, https://arxiv.org/abs/1506.02078."""

Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Following:
    """A unit that follows a property, and their correlation (Pearson's)."""

    follows: str
    state: str
    number: int
    correlation: float

    @property
    def name(self) -> str:
        """1.c17."""
        return f"{self.state}{self.number}"


@dataclass(frozen=True)
class Saturation:
    """A layer's gate: its mean, and the fractions of values that are shut and open."""

    name: str
    mean: float
    shut: float
    open: float


class Findings:
    """Sums over the activations of a text so far. The text is known in full from the start."""

    def __init__(self, text: str) -> None:
        properties = {name: values(text) for name, values in PROPERTIES.items()} if text else {}
        self.properties = {
            name: values.astype(bool) if np.isin(values, (0, 1)).all() else values  # saves memory
            for name, values in properties.items()
            if values.min() < values.max()
        }
        self.characters = self.tokens = 0
        self.bits = 0.0
        self.sums: dict[str, Sums] = {}
        self.gates: dict[str, Sums] = {}

    def add(self, piece: Activations) -> None:
        """Add the next piece. A token has the properties of the last character it completes."""
        ends = self.characters + np.cumsum([len(characters) for characters in piece.text])
        self.characters = int(ends[-1])
        last = (ends - 1).clip(0)
        properties = np.stack([v[last] * 1.0 for v in self.properties.values()] or [last * 0.0])
        self.tokens += len(ends)
        self.bits += float(piece.bits.sum(dtype=np.float64))
        sums = {"": np.stack([properties.sum(1), (properties**2).sum(1)], dtype=np.float64)}
        for name, values in piece.units.items():
            v = values.astype(np.float64)
            sums[name] = np.concatenate([[v.sum(0), (v**2).sum(0)], properties @ v])
        for name, more in sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + more
        for name, values in piece.gates.items():
            counts = [values.sum(), (values < SHUT).sum(), (values > OPEN).sum(), values.size]
            self.gates[name] = self.gates.get(name, 0.0) + np.array(counts, np.float64)

    def following(self, best: int = 3) -> list[Following]:
        """The units that follow each property most closely, the best followed property first."""
        rows = []
        for index, name in enumerate(self.properties):
            units = []
            for state, r in self._correlations(index).items():
                top = np.argsort(-np.abs(r))[:best]
                units += [Following(name, state, int(unit), float(r[unit])) for unit in top]
            rows.append(sorted(units, key=lambda unit: -abs(unit.correlation))[:best])
        rows.sort(key=lambda units: -abs(units[0].correlation) if units else 0.0)
        return [unit for units in rows for unit in units]

    def _correlations(self, index: int) -> dict[str, Sums]:
        """Correlations of one property with every unit (H,), by the state's name."""
        n = max(1, self.tokens)
        total, square = self.sums[""][:, index]
        spread = square / n - (total / n) ** 2
        correlations = {}
        for state, sums in self.sums.items():
            if state:
                mean, both = sums[0] / n, sums[2 + index] / n
                variance = (sums[1] / n - mean**2).clip(0)
                with np.errstate(all="ignore"):
                    r = (both - mean * total / n) / np.sqrt(variance * spread)
                # 0 for units that never change
                correlations[state] = np.nan_to_num(r, posinf=0.0, neginf=0.0)
        return correlations

    def saturation(self) -> list[Saturation]:
        """The gates, the first layer's first."""
        return [
            Saturation(name, total / size, shut / size, opened / size)
            for name, (total, shut, opened, size) in self.gates.items()
        ]

    @property
    def bits_per_token(self) -> float:
        """The mean surprise of a token."""
        return self.bits / max(1, self.tokens)

    @property
    def bits_per_character(self) -> float:
        """The same for a character."""
        return self.bits / max(1, self.characters)

    @property
    def summary(self) -> str:
        """How much was read, and how well it was predicted."""
        bits = f"{self.bits_per_character:.3f} bits per character ({PROTOCOL})"
        return f"{plural(self.tokens, 'token')}, {bits}."

    def record(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return {
            "kind": "summary",
            "tokens": self.tokens,
            "characters": self.characters,
            "protocol": PROTOCOL,
            "bits_per_character": self.bits_per_character,
            "bits_per_token": self.bits_per_token,
            "units": [
                {"property": u.follows, "unit": u.name, "correlation": round(u.correlation, 4)}
                for u in self.following()
            ],
            "gates": [asdict(gate) for gate in self.saturation()],
        }


@dataclass(frozen=True)
class Reading:
    """A text (N tokens) that a network reads; `findings` are about the pieces so far."""

    read: Callable[[Ids], Iterator[Activations]]
    ids: Ids
    findings: Findings
    emit: Emit

    def pieces(self) -> Iterator[Activations]:
        """What the network makes of each piece of the text. Progress is emitted after each."""
        for piece in self.read(self.ids):
            self.findings.add(piece)
            yield piece
            self.emit(Progress("reading the text", self.findings.tokens, len(self.ids)))


def reading_of(checkpoint: Checkpoint, ids: Ids, emit: Emit) -> Reading:
    """A run that is about to read ids (N,). TextError if there are none."""
    if not len(ids):
        raise TextError("the text is empty", "Take a longer one.")
    network, tokenizer = LanguageModel(checkpoint.model, checkpoint.weights), checkpoint.tokenizer
    decode = tokenizer.decoder()
    text = valid_unicode("".join(decode(int(token)) for token in ids))
    return Reading(partial(read_text, network, tokenizer), ids, Findings(text), emit)
