"""Trained models, as Python programs have them; no command, and nothing that trains.

Beside them stands what all public functions share: checked arguments, and errors in Python's words.
"""

from charrnn.models.predictor import Predictor
from charrnn.models.text_model import TextModel
from charrnn.storage.checkpoint import Checkpoint

AnyModel = TextModel | Predictor
"""A model as it was trained: of texts, or for another task."""


def model_of(checkpoint: Checkpoint) -> AnyModel:
    """The trained model that a checkpoint holds."""
    return TextModel(checkpoint) if checkpoint.is_language_model else Predictor(checkpoint)
