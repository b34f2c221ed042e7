"""Sound as input: frames of log-mel features."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from charrnn.tasks.examples import Indices
from charrnn.tasks.inputs.frames import FramesInput
from charrnn.text.input_shapes import bytes_of
from charrnn.text.sound import BANDS, HOP, SUFFIXES, load_sound
from charrnn.text.tokenizers import Bytes, Tokenizer


class SoundInput(FramesInput):
    """Clips of sound: features (S, B, D) of frames that are stacked, normalized clip by clip."""

    name = "sound"
    described = "the name of a sound file"
    suffixes: ClassVar[tuple[str, ...]] = SUFFIXES
    tagged = False
    bands = BANDS

    def load(self, text: str) -> NDArray[np.float32]:
        return load_sound(text, self.settings.sample_rate, self.settings.frame_stack)

    def learn(self, texts: Iterable[str]) -> Tokenizer:  # noqa: ARG002  (each clip is normalized)
        return Bytes(False, False)

    @property
    def step_seconds(self) -> float:
        return HOP * self.settings.frame_stack

    def measured(self, sizes: Indices) -> str:
        """As the base says, in seconds, and how much it is in all."""
        seconds = sizes / bytes_of(self.input_shape) * self.step_seconds
        lengths = f"{seconds.min():,.1f} to {seconds.max():,.1f} s (mean {seconds.mean():,.1f})"
        return f"clips of {lengths}, {seconds.sum() / 60:,.1f} minutes in all"

    @classmethod
    def fits(cls, shape: tuple[int, ...]) -> bool:
        return super().fits(shape) and len(shape) == 2
