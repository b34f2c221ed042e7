"""What an input promises: how sources of examples are stored, padded into a batch, and encoded."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.settings import (
    LEARNING_RATES,
    ModelSettings,
    OptimizerName,
    TextSettings,
    UnknownName,
    no_effect,
)
from charrnn.tasks.base import Least, Scale, Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.text.tokenizers import Ids as TokenIds, Tokenizer


class Input(ABC):
    """What is read of an example, which a text in a line stands for."""

    has_text: ClassVar[bool]
    """Whether that text is read itself; else it names a file."""
    name: ClassVar[str]
    """Its column in files that name their columns, and what messages call it."""
    described: ClassVar[str]
    """It in a sentence on what a line is."""
    batch_axis: ClassVar[int]
    """The axis of a batch's `inputs` that counts examples."""
    tokens_per_parameter: ClassVar[float | None] = None
    """As a task's; None: as many as the output wants."""
    least: ClassVar[Least] = Least()
    """As a task's."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """How the names of files end that are inputs themselves."""
    tagged: ClassVar[bool] = False
    """Whether its steps may have tags."""
    sizes: ClassVar[Mapping[str, Any]] = {}
    """Settings that are others here, where they are not given."""
    tokenizer: Tokenizer
    """That of the subject."""

    def __init__(
        self,
        settings: TextSettings,
        separator: str | None = None,
        subject: Subject | None = None,
        scale: Scale = (),
    ) -> None:
        """`separator`: what stands between tokens of which each has a target, if any has.

        `subject`: what the batches are of. Files are stored without it. `scale`: that of frames'
        features, where they must have the same as others.
        """
        self.settings, self.separator = settings, separator
        self.input_shape: tuple[int, ...] = (0, len(scale)) if scale else ()
        self.input_scale = scale
        if subject:
            self.tokenizer, self.input_shape = subject.tokenizer, subject.input_shape
            self.input_scale = subject.input_scale

    @property
    def learning_rates(self) -> Mapping[OptimizerName, float]:
        """As a task's: convolutions want a lower one."""
        return LEARNING_RATES | ({"muon": 0.02} if len(self.input_shape) == 3 else {})

    @property
    def between(self) -> str:
        """What stands between texts where a vocabulary is learned."""
        return ""

    @classmethod
    @abstractmethod
    def fits(cls, shape: tuple[int, ...]) -> bool:
        """Whether stored sources may have that shape; () is that of texts."""

    @classmethod
    def is_source(cls, file: str) -> bool:
        """Whether a file of that name is itself a source, not a list of them."""
        return bool(cls.suffixes) and file.lower().endswith(cls.suffixes)

    @abstractmethod
    def learn(self, texts: Iterable[str]) -> Tokenizer:
        """The tokenizer that sources are stored with, from those of training.

        What else is learned of them, such as their scale, is kept here.
        """

    def placed(self, text: str, file: str) -> str:
        """The text in a line of a file; where it is a name, from the file's own folder."""
        return text if self.has_text else str(Path(file).parent / text)

    @abstractmethod
    def input_bytes(self, text: str) -> bytes:
        """Bytes that tell sources apart. TextError if one cannot be read."""

    @abstractmethod
    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[TokenIds, list[int]]:
        """Sources as they are stored, one after the other (M,), and how long each is: 1 or more."""

    @abstractmethod
    def read(self, text: str, unknown: UnknownName) -> Ids:
        """One source as it is stored (M,), to be predicted of. TextError if it cannot be read.

        `unknown`: what becomes of characters that the vocabulary lacks.
        """

    @abstractmethod
    def parameters(self, model: ModelSettings) -> Parameters:
        """The encoder's parameters."""

    @abstractmethod
    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> Any:
        """The encoder of these settings and weights."""

    @abstractmethod
    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        """Stored sources as fields of a `Batch`. TextError if the corpus is damaged."""

    @abstractmethod
    def lengths(self, items: Ragged, indices: Indices | range) -> Indices:
        """The steps (N,) in which recurrent layers read each."""

    def tokens(self, items: Ragged, indices: Indices | range) -> Indices:
        """Tokens, or cells of grids, that are read of each (N,)."""
        return self.lengths(items, indices)

    def checked_unknown(self, unknown: UnknownName | None) -> UnknownName:
        """What becomes of characters that the vocabulary lacks: skip, if nothing is given.

        UsageError if something is given, and no text is read.
        """
        if unknown and not self.has_text:
            raise no_effect("unknown", f"--input {self.name}", "name a run that reads texts")
        return unknown or "skip"

    def augmented(
        self,
        inputs: Array,
        lengths: Array,  # noqa: ARG002
        draw: Sequence[np.random.Generator],  # noqa: ARG002
    ) -> Array:
        """A batch's inputs, changed at random where that helps; `draw`: numbers for each."""
        return inputs

    def check_targets(self, size: int, targets: int) -> None:  # noqa: B027
        """TextError where a stored source of that size cannot have so many targets."""

    def steps(self, item: Ids) -> int:
        """Outputs that the encoder has of a stored source."""
        return len(item)

    @property
    def step_seconds(self) -> float | None:
        """Seconds from one step to the next, where they are known."""
        return None

    def spans(self, ids: Array) -> NDArray[np.int64]:
        """The first and the last index (2, N) of each token that has a tag, in ids (T, ...)."""
        return np.tile(np.arange(len(ids)), (2, 1))

    def tagged_tokens(self, text: str, item: Ids) -> list[str]:  # noqa: ARG002
        """The tokens (N) of a source that have tags, as people see them: its steps, by number."""
        return [*map(str, range(self.steps(item)))]

    def measured(self, sizes: Indices) -> str:  # noqa: ARG002
        """How long stored sources of these sizes (N,) are, in words, unless all are equal."""
        return ""

    @abstractmethod
    def shown(self, item: Ids, index: int) -> str:
        """A stored source, by its index in a corpus, in a line of text."""

    @abstractmethod
    def longest(self, item: Ids) -> int:
        """Symbols that may be written for a stored source."""

    def positions(self, item: Ids) -> list[str]:  # noqa: ARG002
        """The text of each position that attention is paid to, where these are texts."""
        return []

    @property
    def grid(self) -> tuple[int, int] | None:
        """The rows and columns that its positions count, where they lie so."""
        return None

    def pixels(self, item: Ids) -> NDArray[np.uint8] | None:  # noqa: ARG002
        """What was read (height, width), where it can be looked at."""
        return None


def joined(arrays: Sequence[TokenIds]) -> tuple[TokenIds, list[int]]:
    """Arrays one after the other (M,), and their lengths."""
    return np.concatenate(arrays), [*map(len, arrays)]
