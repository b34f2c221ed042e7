"""A picture read column by column: convolutions, then recurrent layers from left to right.

So text in pictures is read as in Shi et al. 2015 (https://arxiv.org/abs/1507.05717).
"""

from collections.abc import Sequence

from array_api_compat import device

from charrnn.cells.arrays import Array, linear, namespace, rectified
from charrnn.cells.parameters import XAVIER, Parameter, Parameters
from charrnn.network.picture_encoder import convolution_parameters, convolved, grid
from charrnn.network.recurrent_encoder import RecurrentEncoder
from charrnn.settings import ModelSettings


class ColumnEncoder(RecurrentEncoder):
    """Pictures (B, 1, height, width) or features (B, cells, D) in, outputs (S, B, F) out.

    S counts the columns of the grid, or the cells. The first layer reads all rows of a column.
    """

    @staticmethod
    def parameters(settings: ModelSettings, input_shape: tuple[int, ...]) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        hidden = settings.hidden_size
        if len(input_shape) == 2:
            seen = {
                "encoder.features.weight": Parameter((hidden, input_shape[1]), XAVIER),
                "encoder.features.bias": Parameter((hidden,)),
            }
        else:
            seen = convolution_parameters(hidden)
        rows, _ = grid(input_shape)
        return {**seen, **RecurrentEncoder.layer_parameters(settings, rows * hidden)}

    def encode(
        self,
        inputs: Array,
        lengths: None = None,  # noqa: ARG002  (pictures have one size)
        masks: Sequence[Array] = (),
    ) -> tuple[Array, Array]:
        """Pictures or features, dropout masks -> outputs (S, B, F), mask (S, B) of ones."""
        xp, weights = namespace(inputs), self.weights
        if len(inputs.shape) == 3:
            weight, bias = (weights[f"encoder.features.{name}"] for name in ("weight", "bias"))
            x = xp.permute_dims(rectified(linear(inputs, weight, bias)), (1, 0, 2))
        else:
            x = xp.permute_dims(convolved(inputs, weights), (3, 0, 1, 2))
            x = xp.reshape(x, (*x.shape[:2], -1))
        columns = xp.full((x.shape[1],), len(x), device=device(x))
        return self.read(x, columns, masks)
