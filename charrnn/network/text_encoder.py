"""Texts as outputs: an embedding of each token, then recurrent layers.

ids (S, B) -> x (S, B, D) -> outputs of each layer (S, B, F)
"""

from collections.abc import Sequence

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.network.language_model import embed, embedding_parameters
from charrnn.network.recurrent_encoder import RecurrentEncoder
from charrnn.settings import ModelSettings


class TextEncoder(RecurrentEncoder):
    """Token ids (S, B) in, outputs (S, B, F) out."""

    @staticmethod
    def parameters(settings: ModelSettings, vocabulary_size: int) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        inputs = vocabulary_size if settings.one_hot else settings.embedding_size
        embedding = embedding_parameters(settings, vocabulary_size)
        return {**embedding, **RecurrentEncoder.layer_parameters(settings, inputs)}

    def encode(
        self, ids: Array, lengths: Array, masks: Sequence[Array] = ()
    ) -> tuple[Array, Array]:
        """ids (S, B), lengths (B,) of at least 1, dropout masks -> outputs (S, B, F), mask (S, B).

        The mask says which positions are within a text.
        """
        return self.read(embed(self.settings, self.weights, ids), lengths, masks)
