"""How texts are sampled."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from charrnn.settings.base import ADVANCED, Settings, flag
from charrnn.settings.text import UnknownName
from charrnn.values import temperatures


@dataclass(frozen=True)
class SampleSettings(Settings):
    """Sampling: how long, how random."""

    length: Annotated[int, Ge(0), Le(10**12), "characters to write"] = 1000
    temp: Annotated[
        float | str,
        "temperature: 0 takes the likeliest token, 1 samples as learned; 1.2:0.6 changes it",
    ] = 1.0  # fmt: skip
    prompt: Annotated[str | None, "text to continue, printed first; - reads it from stdin"] = None
    seed: Annotated[int | None, Ge(0), Lt(2**63), "the same seed writes the same text"] = None
    count: Annotated[int, Ge(1), Le(2**16), "independent texts"] = 1
    stop: Annotated[tuple[str, ...], "end before this text would be written; may be repeated"] = ()
    until: Annotated[
        Literal["newline", "document"] | None,
        "end before the next line end, or with the document (as always where there are documents)",
    ] = None  # fmt: skip
    top_k: Annotated[int | None, Ge(1), "sample among the K likeliest tokens"] = None
    top_p: Annotated[
        float | None, Gt(0), Le(1), "sample among the likeliest tokens of total probability P"
    ] = None
    min_p: Annotated[
        float | None, Ge(0), Le(1), "sample among tokens at least P times as likely as the top one"
    ] = None
    repetition_penalty: Annotated[
        float, Ge(1), Le(100), "above 1: the last 64 tokens become less likely", ADVANCED
    ] = 1.0
    unknown: Annotated[
        UnknownName, "characters of a prompt that the vocabulary lacks", ADVANCED
    ] = "error"
    unique: Annotated[bool, "write no text twice", ADVANCED] = False
    novel: Annotated[bool, "write no text that stands in the training text", ADVANCED] = False

    def __post_init__(self) -> None:
        if isinstance(self.stop, str):
            object.__setattr__(self, "stop", (self.stop,))
        if "" in self.stop:
            raise ValueError("--stop is empty")
        for name in ("top_k", "top_p", "min_p"):
            if self.temperatures[0] == 0 and getattr(self, name) is not None:
                raise ValueError(f"{flag(name)} has no effect with --temp 0")

    @property
    def temperatures(self) -> tuple[float, float]:
        """Of the first and of the last character; between them in a straight line."""
        return temperatures(self.temp)
