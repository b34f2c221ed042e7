"""How texts are sampled."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

from charrnn.settings.base import flag


@dataclass(frozen=True)
class SampleSettings:
    """Sampling: how long, how random."""

    length: Annotated[int, Ge(0), Le(10**12), "characters to write"] = 1000
    temp: Annotated[
        float, Ge(0), Le(1e6), "temperature: 0 takes the likeliest token, 1 samples as learned"
    ] = 1.0
    prompt: Annotated[str | None, "text to continue, printed first; - reads it from stdin"] = None
    seed: Annotated[int | None, Ge(0), Lt(2**63), "the same seed writes the same text"] = None
    count: Annotated[int, Ge(1), Le(2**16), "independent texts"] = 1
    stop: Annotated[str | None, "end before this text would be written"] = None
    top_k: Annotated[int | None, Ge(1), "sample among the K likeliest tokens"] = None
    top_p: Annotated[
        float | None, Gt(0), Le(1), "sample among the likeliest tokens of total probability P"
    ] = None
    min_p: Annotated[
        float | None, Ge(0), Le(1), "sample among tokens at least P times as likely as the top one"
    ] = None

    def __post_init__(self) -> None:
        if self.stop == "":
            raise ValueError("--stop is empty")
        for name in ("top_k", "top_p", "min_p"):
            if self.temp == 0 and getattr(self, name) is not None:
                raise ValueError(f"{flag(name)} has no effect at --temp 0")
