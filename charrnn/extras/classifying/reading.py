"""The bits that a run needs for texts, many of which are read side by side."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charrnn.events import Emit, Progress
from charrnn.inference.sampling import check_finite, start_of
from charrnn.inference.score import Read, cut_stream, read_sequences, reader_of
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.settings import UnknownName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Ids
from charrnn.text.unknown import known_text

if TYPE_CHECKING:
    from charrnn.engine.module import Module

UNKNOWN_BITS = math.log2(150_000)
"""What a character costs that a vocabulary lacks: a guess among those that Unicode has assigned."""

_TEXTS = 256  # read side by side
_LONG = 1 << 14  # tokens of a text that is cut into sequences, as `eval` does
_MANY = 1 << 17  # tokens for which it pays to load torch
_STEPS, _LOGITS = 64, 1 << 22  # computed at once, which bounds the memory

Bits = NDArray[np.float64]


class Reader:
    """A run that reads texts: with NumPy, or with torch where there are many tokens."""

    def __init__(self, run: Checkpoint) -> None:
        self.run, self.tokenizer = run, run.tokenizer
        self.network = LanguageModel(run.model, run.weights)
        self.start = self.tokenizer.encode(start_of(self.tokenizer))

    @cached_property
    def module(self) -> "Module[LanguageModel]":
        """The network in torch."""
        from charrnn.evaluation.scoring import module_on

        return module_on(self.run, "auto")

    def begin(self, sequences: int, many: bool) -> tuple[Read, State]:
        """What reads so many sequences, and their state before the first token."""
        if not many:
            return reader_of(self.network), self.network.zero_state(sequences)
        from charrnn.evaluation.loss import torch_reader

        module = self.module
        return torch_reader(module, sequences), module.network.zero_state(sequences)

    def bits(self, texts: Sequence[str], unknown: UnknownName, emit: Emit = lambda _: None) -> Bits:
        """The bits (N,) of N texts.

        A character that the vocabulary lacks is an error (TextError); or the nearest that it has
        takes its place; or it is left out, and costs `UNKNOWN_BITS`. DivergedError if the logits
        are not finite.
        """
        bits, ids = np.zeros(len(texts)), list[Ids]()
        for number, text in enumerate(texts):
            readable, lacking = known_text(text, self.tokenizer, unknown)
            ids.append(self.tokenizer.encode(readable))
            bits[number] = lacking.left_out.total() * UNKNOWN_BITS
        total, done = max(1, sum(map(len, ids))), 0
        for batch in _batches([*map(len, ids)]):
            for nats, tokens in self._read([ids[number] for number in batch], total >= _MANY):
                bits[batch] += nats / math.log(2)
                done += tokens
                emit(Progress(f"reading with {self.run.run}", done, total))
        check_finite(bool(np.isfinite(bits).all()))
        return bits

    def _read(self, texts: Sequence[Ids], many: bool) -> Iterator[tuple[Bits, int]]:
        """The nats (B,) of each text, and their tokens, added up in pieces."""
        if len(texts[0]) >= _LONG:
            return self._read_long(texts[0], many)
        return self._read_side_by_side(texts, many)

    def _read_long(self, text: Ids, many: bool) -> Iterator[tuple[Bits, int]]:
        """One text, in sequences that are read side by side, as `eval` does."""
        tokens = np.concatenate((self.start, text))
        sequences = cut_stream(len(tokens) - 1, self.network.cell)
        read, state = self.begin(len(sequences.starts), many)
        for positions, losses in read_sequences(read, state, tokens, sequences, _STEPS):
            own = losses[positions + 1 >= len(self.start)]
            yield np.array([own.sum(dtype=np.float64)]), len(own)

    def _read_side_by_side(self, texts: Sequence[Ids], many: bool) -> Iterator[tuple[Bits, int]]:
        """Texts, each after `start`.

        The shorter ones are padded at the end, where nothing depends on them any more.
        """
        lengths, before = np.array([*map(len, texts)]), len(self.start)
        padded = np.zeros((before + max(lengths), len(texts)), np.int64)
        padded[:before] = self.start[:, None]
        for column, ids in enumerate(texts):
            padded[before : before + len(ids), column] = ids
        steps = max(1, min(_STEPS, _LOGITS // (len(texts) * self.tokenizer.size)))
        read, state = self.begin(len(texts), many)
        for first in range(0, len(padded) - 1, steps):
            last = min(first + steps, len(padded) - 1)
            losses, state = read(padded[first:last], padded[first + 1 : last + 1], state)
            targets = np.arange(first + 1, last + 1)[:, None] - before  # indices in a text
            mask = (targets >= 0) & (targets < lengths)
            yield np.where(mask, losses, 0).sum(0, dtype=np.float64), int(mask.sum())


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The indices of texts of these lengths that are read together: a long one alone."""
    by_length = sorted(range(len(lengths)), key=lengths.__getitem__)
    short = [index for index in by_length if lengths[index] < _LONG]
    for first in range(0, len(short), _TEXTS):
        yield short[first : first + _TEXTS]
    yield from ([index] for index in by_length[len(short) :])
