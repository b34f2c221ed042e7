"""A sequence of symbols in the order of its source: connectionist temporal classification."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array, namespace
from charrnn.errors import TextError, plural
from charrnn.inference.ctc_search import ctc_search
from charrnn.inference.search import Written
from charrnn.network.ctc import BLANK, CTCHead
from charrnn.network.recurrent_encoder import within
from charrnn.settings import ModelSettings
from charrnn.tasks.base import Batch
from charrnn.tasks.examples import Indices, Ragged
from charrnn.tasks.outputs.base import Asked, Computed, ExampleNetwork
from charrnn.tasks.outputs.sequence import SequenceOutput

_MOST_FRAMES = 64
_FEW = 0.001  # of the examples: so many may need more frames than there are
_NAMED = 3  # of them


class AlignedOutput(SequenceOutput):
    """Symbols by CTC, numbered from 1 on: each frame of the source is one, or BLANK."""

    head = CTCHead
    options = ("beam", "temp", "seed", "language_model", "weight")
    ends = 0
    unscored = "more symbols than frames, or with symbols that the model lacks"

    def measure(self, targets: Ragged, examples: range, positions: Indices) -> None:
        """As the base says; and how many frames of a position let examples be aligned."""
        super().measure(targets, examples, positions)
        self._positions, self._examples, self._targets = positions, examples, targets
        self._ratios = _frames_needed(targets, examples) / positions
        enough = np.quantile(self._ratios, 1 - _FEW, method="lower")
        self.ctc_frames = min(_MOST_FRAMES, math.ceil(enough))

    @property
    def uniform_loss(self) -> float:
        """Of a guess at each frame."""
        frames = self.ctc_frames * float(self._positions.mean()) / self.mean_length
        return max(1.0, frames) * super().uniform_loss

    def longest_share(self, model: ModelSettings) -> float:
        """As the base says. It grows with the frames, of which more than suit may be asked for."""
        longest = float(self._positions.max() / self._positions.mean())
        return longest * max(1.0, model.ctc_frames / self.ctc_frames)

    def doubts(self, model: ModelSettings) -> list[str]:
        few = np.flatnonzero(self._ratios > model.ctc_frames)
        if not len(few):
            return []
        if len(few) == len(self._ratios):
            raise TextError(
                f"no example can be learned with --ctc-frames {model.ctc_frames}: each text has "
                "more symbols than its source has frames",
                "Choose more frames, or --decoder attention.",
            )
        names = [
            self.between.join(self.names[n] for n in self._targets[self._examples[i]].tolist())
            for i in few[:_NAMED].tolist()
        ]
        listed = ", ".join(f"{name:.60}" for name in names) + ", ..." * (len(few) > _NAMED)
        doubt = (
            f"{plural(len(few), 'training example')} of {len(self._ratios):,} cannot be learned "
            f"with --ctc-frames {model.ctc_frames}, as the text has more symbols, or repeats of "
            f"one, than its source has frames: {listed}."
        )
        return [doubt]

    def loss(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array]) -> Array:
        """As the base says. A text that cannot be aligned has no loss; `doubts` says so."""
        losses = self._losses(network, batch, masks)
        known = namespace(losses).where(losses < math.inf, losses, 0)
        return known.mean() / self.mean_length

    def _losses(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array] = ()) -> Array:
        """The loss (B,) of each text; infinite where it has no alignment, or unknown symbols."""
        outputs, mask, _ = network.encode(batch, masks)
        logits, frames = network.head.logits(outputs, mask)
        symbols, lengths = batch.targets, batch.target_lengths
        losses = network.head.losses(logits, frames, symbols, lengths)
        unknown = (within(lengths, len(symbols)) & (symbols == BLANK)).any(0)
        return namespace(losses).where(unknown, math.inf, losses)

    def _summed(self, computed: Computed) -> tuple[NDArray[np.floating[Any]], Indices]:
        _, batch, (losses,) = computed
        known = losses != math.inf
        return np.where(known, losses, 0), np.where(known, batch.target_lengths, 0)

    def _write(self, network: ExampleNetwork, batch: Batch, asked: Asked) -> list[list[Written]]:
        outputs, mask, _ = network.encode(batch)
        logits, frames = network.head.logits(outputs, mask)
        fusion = self.fusion(asked.decoding)
        return ctc_search(logits, frames, asked.decoding, asked.generators, fusion,
                          network.head.settings.ctc_frames)  # fmt: skip


def _frames_needed(targets: Ragged, examples: range) -> Indices:
    """As `ctc.frames_needed`, of each of these examples (N,)."""
    starts = targets.starts[examples.start : examples.stop + 1]
    values = np.asarray(targets.values[starts[0] : starts[-1]])
    frames = np.append(1, 1 + (values[1:] == values[:-1]))
    frames[starts[:-1] - starts[0]] = 1
    return np.asarray(np.add.reduceat(frames, starts[:-1] - starts[0]), np.int64)
