"""What a trained model is, by its task."""

from charrnn.inference.label_model import LabelModel
from charrnn.inference.model import Model
from charrnn.inference.rewrite_model import CaptionModel, RewriteModel
from charrnn.inference.tag_model import TagModel
from charrnn.inference.task_model import TaskModel
from charrnn.settings import TaskName
from charrnn.storage.checkpoint import Checkpoint

MODELS: dict[TaskName, type[TaskModel]] = {
    "label": LabelModel,
    "tag": TagModel,
    "rewrite": RewriteModel,
    "caption": CaptionModel,
}


def model_of(checkpoint: Checkpoint) -> Model | TaskModel:
    """The model: of text that goes on, or of another task."""
    if checkpoint.model.task == "text":
        return Model(checkpoint)
    return MODELS[checkpoint.model.task](checkpoint)
