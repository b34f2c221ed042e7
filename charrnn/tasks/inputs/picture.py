"""Pictures, or features of them from elsewhere, as input: read by convolutions or one product."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.errors import TextError
from charrnn.network.picture_encoder import PictureEncoder, grid
from charrnn.settings import ModelSettings, TextSettings, UnknownName
from charrnn.tasks.base import Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.text import joined
from charrnn.text.pictures import as_inputs, load_input
from charrnn.text.tokenizers import Ids as TokenIds, Tokenizer


class PictureItems:
    """How pictures are stored: bytes of grey, or of the numbers in .npy files of features."""

    has_text = False
    between: str = ""
    column = "name of a picture"
    described = "the name of a picture"

    def __init__(self, settings: TextSettings) -> None:
        self.settings = settings
        self.input_shape: tuple[int, ...] = ()

    def placed(self, text: str, file: str) -> str:
        """The name of a picture, from the file's own folder."""
        return str(Path(file).parent / text)

    def input_bytes(self, text: str) -> bytes:
        """The picture of that name. TextError if it cannot be read, or has another shape."""
        picture = load_input(text, self.settings.picture_size)
        self.input_shape = self.input_shape or picture.shape
        if picture.shape != self.input_shape:
            raise TextError(
                f"{text} has the shape {picture.shape}, and those before it {self.input_shape}",
                "All inputs must be pictures, or features of one shape.",
            )
        return picture.tobytes()

    def encode(
        self,
        tokenizer: Tokenizer,  # noqa: ARG002  (its bytes are its ids)
        texts: Sequence[str],
    ) -> tuple[TokenIds, list[int]]:
        """The bytes of pictures."""
        return joined([np.frombuffer(self.input_bytes(text), np.uint8) for text in texts])


class PictureInput:
    """Pictures (B, 1, height, width) or features (B, cells, D), stored as bytes."""

    tokens_per_parameter: float | None = 60.0
    batch_axis = 0

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def parameters(self, model: ModelSettings) -> Parameters:
        """The encoder's parameters."""
        return PictureEncoder.parameters(model, self.subject.input_shape)

    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> PictureEncoder:
        """The encoder of these settings and weights."""
        return PictureEncoder(model, weights)

    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        """Pictures as fields of a `Batch`."""
        stored = np.stack([items[index] for index in indices]).astype(np.uint8, copy=False)
        return {"inputs": as_inputs(stored, self.subject.input_shape)}

    def tokens(self, items: Ragged, indices: Indices | range) -> Indices:  # noqa: ARG002
        """Cells of the grid that are read of each (N,)."""
        return np.full(len(indices), math.prod(grid(self.subject.input_shape)), np.int64)

    def read(self, text: str, unknown: UnknownName = "skip") -> Ids:  # noqa: ARG002
        """The bytes of the picture with that name. TextError if it cannot be read."""
        if not text:
            raise TextError("no picture is named", "Write the name of a picture in each line.")
        picture, shape = load_input(text, self.subject.text.picture_size), self.subject.input_shape
        if picture.shape != shape:
            raise TextError(
                f"{text} has the shape {picture.shape}, not {shape}",
                "Name pictures, or features of the shape that the run was trained on.",
            )
        return np.frombuffer(picture.tobytes(), np.uint8)

    def shown(self, item: Ids) -> str:
        """What stands for a picture in a line of text."""
        return f"picture of {len(item):,} bytes"

    def source(self, item: Ids) -> list[str]:  # noqa: ARG002
        """Nothing: a picture has no tokens."""
        return []

    def longest(self, item: Ids) -> int:  # noqa: ARG002
        """Symbols that may be written for a picture."""
        return 200
