"""Logits of labels: from the mean and the maximum of an encoder's outputs over all positions."""

import math
from collections.abc import Mapping

from charrnn.cells.arrays import Array, linear, namespace
from charrnn.cells.parameters import Parameters
from charrnn.network.language_model import head_parameters
from charrnn.settings import ModelSettings


class LabelHead:
    """Outputs of an encoder in, logits of K labels out."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights = settings, weights

    @staticmethod
    def parameters(settings: ModelSettings, labels: int) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        return head_parameters(labels, 2 * settings.outputs)

    def logits(self, outputs: Array, mask: Array) -> Array:
        """outputs (S, B, F), mask (S, B) with at least one position a column -> (B, K)."""
        xp, mask_of_features = namespace(outputs), mask[..., None]
        lengths = xp.astype(mask.sum(0)[:, None], outputs.dtype)
        mean = xp.where(mask_of_features, outputs, 0).sum(0) / lengths
        largest = xp.max(xp.where(mask_of_features, outputs, -math.inf), axis=0)
        features = xp.concat((mean, largest), axis=-1)
        return linear(features, self.weights["head.weight"], self.weights["head.bias"])
