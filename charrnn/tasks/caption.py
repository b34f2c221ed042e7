"""A text for each picture: picture to sequence."""

import numpy as np
from numpy.typing import NDArray

from charrnn.inference.decoder import Decoder, Source
from charrnn.settings import PartName
from charrnn.storage.layout import cells
from charrnn.tasks.example_batches import Arrays, Numbers
from charrnn.tasks.rewrite import RewriteTask
from charrnn.text.pictures import as_inputs


class CaptionTask(RewriteTask):
    """Predicts the symbols of a picture's text, one by one."""

    tokens_per_parameter = 60.0

    def lengths(self, part: PartName) -> NDArray[np.int64]:
        """The cells that are read and the symbols that are written."""
        return self._symbols(part) + cells(self.input_shape)

    def collate(self, numbers: Numbers) -> Arrays:
        """Pictures (B, 1, height, width) or features (B, cells, D), and their symbols."""
        return {"inputs": self._inputs(numbers), **self.collated_symbols(numbers)}

    def _inputs(self, numbers: Numbers) -> NDArray[np.float32]:
        stored = np.stack([self.examples.ids(number) for number in numbers])
        return as_inputs(stored, self.input_shape)

    def source(self, decoder: Decoder, numbers: Numbers) -> Source:
        return decoder.read_pictures(self._inputs(numbers))

    def input_text(self, number: int) -> str:
        return f"picture {number}"
