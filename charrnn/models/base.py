"""What all trained models have, whatever they do."""

from typing import TYPE_CHECKING, Any, ClassVar

from charrnn.errors import UsageError
from charrnn.settings import ModelSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Tokenizer


class AbsentError(UsageError, AttributeError):
    """A model of another kind has this method."""


class Model:
    """A trained model: its run, its settings, its tokenizer."""

    instead: ClassVar[str]
    """What to do where a method of another kind of model is asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __repr__(self) -> str:
        about = f"{self.settings.cell} {self.settings.size}"
        return f"<charrnn model {self.run}: {about}, step {self.checkpoint.step}>"

    if not TYPE_CHECKING:  # tools that read code know every attribute by its class

        def __getattr__(self, name: str) -> Any:
            """AbsentError for a public method that only another kind of model has."""
            if any(hasattr(kind, name) for kind in Model.__subclasses__()) and name[0] != "_":
                task = self.settings.task
                message = f'the model of run {self.run} has task="{task}", and so no {name}'
                raise AbsentError(message, self.instead)
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(text, name=name, obj=self)

    @property
    def run(self) -> str:
        """The name of the run that trained it."""
        return self.checkpoint.run

    @property
    def settings(self) -> ModelSettings:
        """The cell and the sizes of the network."""
        return self.checkpoint.model

    @property
    def tokenizer(self) -> Tokenizer:
        """What turns texts into token ids and back."""
        return self.checkpoint.tokenizer
