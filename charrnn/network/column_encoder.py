"""A picture read column by column: convolutions, then recurrent layers from left to right.

So text in pictures is read as in Shi et al. 2015 (https://arxiv.org/abs/1507.05717).
"""

from collections.abc import Sequence

from array_api_compat import device

from charrnn.cells.arrays import Array, namespace
from charrnn.cells.parameters import Parameters
from charrnn.network.picture_encoder import grid, grid_parameters, on_grid
from charrnn.network.recurrent_encoder import RecurrentEncoder
from charrnn.settings import ModelSettings


class ColumnEncoder(RecurrentEncoder):
    """Pictures (B, 1, height, width) or features (B, cells, D) in, outputs (S, B, F) out.

    S counts the columns of the grid, or the cells. The first layer reads all rows of a column.
    """

    @staticmethod
    def parameters(settings: ModelSettings, input_shape: tuple[int, ...]) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        hidden, (rows, _) = settings.hidden_size, grid(input_shape)
        of_layers = RecurrentEncoder.layer_parameters(settings, rows * hidden)
        return {**grid_parameters(hidden, input_shape), **of_layers}

    def encode(
        self,
        inputs: Array,
        lengths: None = None,  # noqa: ARG002  (pictures have one size)
        masks: Sequence[Array] = (),
    ) -> tuple[Array, Array]:
        """Pictures or features, dropout masks -> outputs (S, B, F), mask (S, B) of ones."""
        xp = namespace(inputs)
        x = xp.permute_dims(on_grid(inputs, self.weights), (1, 2, 3, 0))
        x = xp.reshape(x, (*x.shape[:2], -1))
        columns = xp.full((x.shape[1],), len(x), device=device(x))
        return self.read(x, columns, masks)
