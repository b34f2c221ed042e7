"""A request for a run: its settings, and the names of its text, of its base and of itself."""

from dataclasses import dataclass

from charrnn.settings.effect import check_effective
from charrnn.settings.model import ModelSettings
from charrnn.settings.text import TextSettings
from charrnn.settings.training import TrainSettings


@dataclass(frozen=True)
class Request:
    """A run that is asked for. UsageError for a setting that has no effect in a new one.

    `corpus` names its text, `name` the run, `base` the run whose weights it begins with. Resumed,
    it is the run `name`, or the one trained last, and may do without a `corpus`. A new run without
    a name is called `default_name`, or like its corpus.
    """

    corpus: str | None
    model: ModelSettings
    train: TrainSettings
    text: TextSettings
    name: str | None = None
    base: str | None = None
    resuming: bool = False
    default_name: str | None = None

    def __post_init__(self) -> None:
        if not self.resuming:
            unknown = dict.fromkeys(("tokenizer", "input") if self.base else ("tokenizer",))
            check_effective(self.model, self.train, self.text, **unknown)
