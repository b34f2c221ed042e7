"""Frames as outputs: features as they are, or pictures through convolutions; then layers."""

import math
from collections.abc import Sequence

from charrnn.cells.arrays import Array, linear, namespace
from charrnn.cells.functions import rms_norm
from charrnn.cells.parameters import XAVIER, Parameter, Parameters
from charrnn.network.picture_encoder import convolution_parameters, convolved, grid
from charrnn.network.recurrent_encoder import RecurrentEncoder
from charrnn.network.residual import norm_parameter
from charrnn.settings import ModelSettings


class FrameEncoder(RecurrentEncoder):
    """Features (S, B, D) or grey frames (S, B, height, width) in, outputs (S, B, F) out.

    Features are what the first layer reads. Of a grey frame that is a normalized product (H) of all
    cells of its grid, which a network of convolutions makes (Donahue et al. 2015,
    https://arxiv.org/abs/1411.4389).
    """

    @staticmethod
    def parameters(settings: ModelSettings, input_shape: tuple[int, ...]) -> Parameters:
        """Every parameter by its name in a checkpoint. `input_shape`: (0, D) or (0, h, w)."""
        if len(input_shape) == 2:
            return RecurrentEncoder.layer_parameters(settings, input_shape[1])
        hidden, cells = settings.hidden_size, math.prod(grid((1, *input_shape[1:])))
        return {
            **convolution_parameters(hidden),
            "encoder.frame.weight": Parameter((hidden, cells * hidden), XAVIER, "hidden"),
            "encoder.frame.bias": Parameter((hidden,)),
            "encoder.frame.norm": norm_parameter(hidden),
            **RecurrentEncoder.layer_parameters(settings, hidden),
        }

    def encode(
        self, inputs: Array, lengths: Array, masks: Sequence[Array] = ()
    ) -> tuple[Array, Array]:
        """Frames, lengths (B,) of at least 1, dropout masks -> outputs (S, B, F), mask (S, B)."""
        x = inputs if len(inputs.shape) == 3 else self._seen(inputs)
        return self.read(x, lengths, masks)

    def _seen(self, frames: Array) -> Array:
        """Grey frames (S, B, height, width) -> what the first layer reads of each (S, B, H)."""
        xp, (steps, batch, height, width) = namespace(frames), frames.shape
        x = convolved(xp.reshape(frames, (steps * batch, 1, height, width)), self.weights)
        x = xp.reshape(x, (steps, batch, -1))
        weight, bias = self.weights["encoder.frame.weight"], self.weights["encoder.frame.bias"]
        return rms_norm(linear(x, weight, bias), self.weights["encoder.frame.norm"])
