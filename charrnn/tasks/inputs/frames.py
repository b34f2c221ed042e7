"""Frames as input: a series of features, or a video, read by recurrent layers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.errors import TextError, plural
from charrnn.network.frame_encoder import FrameEncoder
from charrnn.network.picture_encoder import grid
from charrnn.settings import ModelSettings, UnknownName
from charrnn.tasks.base import Least
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.base import Input, joined
from charrnn.text.example_notices import Lengths
from charrnn.text.frames import SUFFIXES, frame_seconds, is_series, load_frames
from charrnn.text.input_shapes import bytes_of
from charrnn.text.tokenizers import Bytes, Ids as TokenIds, Tokenizer

_FARTHEST = 100.0  # standard deviations from the mean that a feature is stored at, at most
_MASKED = 0.2  # of the frames, and of the features of each, that a mask hides at most
_SMALLEST = 1e-12  # standard deviation of a feature that varies


class FramesInput(Input):
    """Clips of frames: features (S, B, D), or grey ones (S, B, height, width).

    Grey is stored as bytes, features as numbers of 16 bits, scaled by the mean and the standard
    deviation of each over the frames of training. The first side of their shape is 0: any number.
    """

    has_text = False
    name = "frames"
    described = "the name of a series or a video"
    batch_axis = 1
    tokens_per_parameter = 10.0
    least = Least(128, 600)  # of 270 clips: 97.6 % of others were right, and with 32 units 96.2 %
    suffixes: ClassVar[tuple[str, ...]] = SUFFIXES
    tagged = True
    sizes: ClassVar[Mapping[str, Any]] = {"picture_size": "32x32"}
    bands = 0
    """Features of which neighbours are masked together: a band; 0: all of a frame."""

    def load(self, text: str) -> NDArray[Any]:
        """The frames in a file: features (T, D), or bytes (T, height, width). TextError."""
        return load_frames(text, self.settings.picture_size, self.settings.frame_rate)

    def _loaded(self, text: str) -> NDArray[Any]:
        """As `load`. TextError, too, for frames of another shape than those before it."""
        if not text:
            raise TextError(f"no {self.name} are named", "Write the name of a file in each line.")
        frames = self.load(text)
        shape = 0, *frames.shape[1:]
        self.input_shape = self.input_shape or shape
        if shape != self.input_shape:
            sides = ["x".join(map(str, sides[1:])) for sides in (shape, self.input_shape)]
            raise TextError(
                f"{text} has frames of {sides[0]} numbers, not of {sides[1]}",
                "All inputs have the same features, or are videos.",
            )
        return frames

    def input_bytes(self, text: str) -> bytes:
        return self._loaded(text).tobytes()

    def learn(self, texts: Iterable[str]) -> Tokenizer:
        """As the base says: the mean and the standard deviation of features (Chan et al. 1979).

        They stay as they are where they are known: a network that goes on learning needs them.
        """
        count, mean, squares = 0, np.zeros(1), np.zeros(1)
        is_unknown = len(self.input_shape) == 2 and not self.input_scale
        for text in texts if is_unknown else ():
            frames = self._loaded(text)
            total, apart = count + len(frames), frames.mean(0) - mean
            squares = squares + frames.var(0) * len(frames) + apart**2 * count * len(frames) / total
            mean, count = mean + apart * len(frames) / total, total
        if count:
            deviation = np.sqrt(squares / count)
            deviation = np.where(deviation > _SMALLEST * np.maximum(1, abs(mean)), deviation, 1)
            self.input_scale = tuple(zip(mean.tolist(), deviation.tolist(), strict=True))
        return Bytes(False, False)

    def _stored(self, text: str) -> TokenIds:
        """The bytes (M,) of a clip as a corpus has them."""
        frames = self._loaded(text)
        if len(self.input_shape) == 2:
            if self.input_scale:
                mean, deviation = np.array(self.input_scale).T
                frames = (frames - mean) / deviation
            frames = frames.clip(-_FARTHEST, _FARTHEST).astype("<f2")
        return np.frombuffer(frames.tobytes(), np.uint8)

    def encode(
        self,
        tokenizer: Tokenizer,  # noqa: ARG002  (its bytes are its ids)
        texts: Sequence[str],
    ) -> tuple[TokenIds, list[int]]:
        return joined([*map(self._stored, texts)])

    def read(self, text: str, unknown: UnknownName) -> Ids:  # noqa: ARG002
        return self._stored(text)

    def parameters(self, model: ModelSettings) -> Parameters:
        return FrameEncoder.parameters(model, self.input_shape)

    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> FrameEncoder:
        return FrameEncoder(model, weights)

    def _frames(self, item: Ids) -> NDArray[np.float32]:
        """A stored clip as the network reads it: (T, D) or (T, height, width)."""
        stored = np.ascontiguousarray(item.astype(np.uint8, copy=False))
        if len(self.input_shape) == 3:
            return (stored.reshape(-1, *self.input_shape[1:]).astype(np.float32) - 127.5) / 127.5
        return stored.view("<f2").reshape(-1, self.input_shape[1]).astype(np.float32)

    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        clips = [self._frames(items[index]) for index in indices]
        lengths = np.array([*map(len, clips)], np.int64)
        inputs = np.zeros((lengths.max(), len(clips), *self.input_shape[1:]), np.float32)
        for column, clip in enumerate(clips):
            inputs[: len(clip), column] = clip
        if not np.isfinite(inputs).all():
            hint = "Delete its folder in corpora/ and prepare the examples again."
            raise TextError("the corpus is damaged: it has numbers that are not finite", hint)
        return {"inputs": inputs, "lengths": lengths}

    def augmented(
        self, inputs: Array, lengths: Array, draw: Sequence[np.random.Generator]
    ) -> Array:
        """As the base says: two masks of frames, and two of features, of which each hides a few.

        What is masked is 0, the mean. Park et al. 2019, https://arxiv.org/abs/1904.08779.
        """
        inputs = inputs.copy()
        bands = self.bands or inputs.shape[-1]
        for column, (length, random) in enumerate(zip(lengths.tolist(), draw, strict=True)):
            clip = inputs[:length, column].reshape(length, -1, bands)
            for _ in range(2):
                for masked in (clip, np.moveaxis(clip, 2, 0)):
                    width = int(random.integers(0, int(_MASKED * len(masked)) + 1))
                    first = int(random.integers(0, len(masked) - width + 1))
                    masked[first : first + width] = 0
            inputs[:length, column] = clip.reshape(length, *inputs.shape[2:])
        return inputs

    def steps(self, item: Ids) -> int:
        return len(item) // bytes_of(self.input_shape)

    def lengths(self, items: Ragged, indices: Indices | range) -> Indices:
        return items.lengths(indices) // bytes_of(self.input_shape)

    def tokens(self, items: Ragged, indices: Indices | range) -> Indices:
        """Frames, or of a video cells of their grids, that are read of each (N,)."""
        is_video = len(self.input_shape) == 3
        cells = math.prod(grid((1, *self.input_shape[1:]))) if is_video else 1
        return self.lengths(items, indices) * cells

    def check_targets(self, size: int, targets: int) -> None:
        frames = size // bytes_of(self.input_shape)
        if self.separator is not None and frames != targets:
            raise TextError(
                f"there are {plural(frames, 'frame')} and {plural(targets, 'tag')}",
                "Write one tag for each frame, with spaces between.",
            )

    def shown(self, item: Ids, index: int) -> str:  # noqa: ARG002
        return f"{self.name} {index}"

    def longest(self, item: Ids) -> int:
        return self.steps(item) + 100

    @property
    def step_seconds(self) -> float | None:
        """As the base says: an animated picture is read so many times a second, if at all."""
        return frame_seconds(self.settings.frame_rate)

    def measured(self, sizes: Indices) -> str:
        frames = sizes // bytes_of(self.input_shape)
        return f"clips of {Lengths.of(frames).words('frame')}"

    @classmethod
    def fits(cls, shape: tuple[int, ...]) -> bool:
        return len(shape) in (2, 3) and shape[0] == 0

    @classmethod
    def is_source(cls, file: str) -> bool:
        """As the base says. A CSV may also be a table of examples."""
        return super().is_source(file) and (not file.lower().endswith(".csv") or is_series(file))
