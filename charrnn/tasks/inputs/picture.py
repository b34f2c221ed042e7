"""Pictures, or features of them from elsewhere, as input: read by convolutions or one product."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.errors import TextError
from charrnn.network.column_encoder import ColumnEncoder
from charrnn.network.picture_encoder import PictureEncoder, grid
from charrnn.settings import ModelSettings, UnknownName
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.augmentation import augmented
from charrnn.tasks.inputs.base import Input, joined
from charrnn.text.pictures import as_inputs, load_input
from charrnn.text.tokenizers import Bytes, Ids as TokenIds, Tokenizer

Encoder = PictureEncoder | ColumnEncoder


def _encoder(model: ModelSettings) -> type[Encoder]:
    return ColumnEncoder if model.reads_columns else PictureEncoder


class PictureInput(Input):
    """Pictures (B, 1, height, width) or features (B, cells, D).

    They are stored as bytes: of grey, or of the numbers in .npy files of features.
    """

    has_text = False
    name = "picture"
    described = "the name of a picture"
    batch_axis = 0
    tokens_per_parameter = 60.0
    suffixes = (".png", ".jpg", ".jpeg", ".npy")

    @classmethod
    def fits(cls, shape: tuple[int, ...]) -> bool:
        return bool(shape) and shape[0] > 0

    def learn(self, texts: Iterable[str]) -> Tokenizer:  # noqa: ARG002  (bytes are stored as they are)
        return Bytes(False, False)

    def input_bytes(self, text: str) -> bytes:
        """As the base says. TextError, too, for a picture of another shape than those before it."""
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
        return joined([np.frombuffer(self.input_bytes(text), np.uint8) for text in texts])

    def read(self, text: str, unknown: UnknownName) -> Ids:  # noqa: ARG002
        """The bytes of the picture with that name, which has the shape of those that are known."""
        if not text:
            raise TextError("no picture is named", "Write the name of a picture in each line.")
        picture = load_input(text, self.settings.picture_size)
        if picture.shape != self.input_shape:
            raise TextError(
                f"{text} has the shape {picture.shape}, not {self.input_shape}",
                "Name pictures, or features of the shape that the run was trained on.",
            )
        return np.frombuffer(picture.tobytes(), np.uint8)

    def parameters(self, model: ModelSettings) -> Parameters:
        return _encoder(model).parameters(model, self.input_shape)

    def encoder(self, model: ModelSettings, weights: Mapping[str, Array]) -> Encoder:
        return _encoder(model)(model, weights)

    def augmented(
        self,
        inputs: Array,
        lengths: Array,  # noqa: ARG002  (pictures have one size)
        draw: Sequence[np.random.Generator],
    ) -> Array:
        """Pictures, changed; features as they are."""
        return augmented(inputs, draw) if len(self.input_shape) == 3 else inputs

    def collate(self, items: Ragged, indices: Indices) -> dict[str, Any]:
        stored = np.stack([items[index] for index in indices]).astype(np.uint8, copy=False)
        return {"inputs": as_inputs(stored, self.input_shape)}

    def lengths(self, items: Ragged, indices: Indices | range) -> Indices:  # noqa: ARG002
        """Columns of the grid."""
        return np.full(len(indices), self.grid[1], np.int64)

    def tokens(self, items: Ragged, indices: Indices | range) -> Indices:  # noqa: ARG002
        """Cells of the grid that are read of each (N,)."""
        return np.full(len(indices), math.prod(self.grid), np.int64)

    def steps(self, item: Ids) -> int:  # noqa: ARG002
        return math.prod(self.grid)

    def shown(self, item: Ids, index: int) -> str:  # noqa: ARG002
        return f"picture {index}"

    def longest(self, item: Ids) -> int:  # noqa: ARG002
        return 200

    @property
    def grid(self) -> tuple[int, int]:
        return grid(self.input_shape)

    def pixels(self, item: Ids) -> NDArray[np.uint8] | None:
        """The picture; nothing of features."""
        is_picture = len(self.input_shape) == 3
        return item.astype(np.uint8).reshape(self.input_shape[1:]) if is_picture else None
