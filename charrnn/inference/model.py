"""A trained model for scripts and notebooks. It computes with NumPy alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property
from typing import Any, Literal, TypedDict, Unpack

from charrnn.errors import UsageError, suggest
from charrnn.inference import sampling
from charrnn.inference.network import Network
from charrnn.inference.score import Score, score
from charrnn.settings import ModelSettings, SampleSettings, SettingError, UnknownName, read
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Tokenizer
from charrnn.text.unknown import known_text


class Options(TypedDict, total=False):
    """How to draw, as in `Model.sample`."""

    temp: float | str
    top_k: int | None
    top_p: float | None
    min_p: float | None
    stop: str | Sequence[str] | None
    seed: int | None
    until: Literal["newline", "document"] | None
    repetition_penalty: float
    unknown: UnknownName


class Model:
    """A trained model: it samples texts, and scores them.

    >>> model.settings.cell, model.tokenizer.size
    ('lstm', 34)
    >>> len(model.sample("The ", length=20, seed=1))
    20
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __repr__(self) -> str:
        about = f"{self.settings.cell} {self.settings.size}"
        return f"<charrnn model {self.run}: {about}, step {self.checkpoint.step}>"

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

    @cached_property
    def network(self) -> Network:
        """The network, to be stepped through by hand."""
        return Network(self.settings, self.checkpoint.weights)

    def sample(self, prompt: str = "", length: int = 300, **options: Unpack[Options]) -> str:
        """What the model writes after the prompt, which is not repeated: `length` characters.

        `temp` 0 takes the likeliest token, 1 samples as learned (as without it), "1.2:0.6" goes
        from 1.2 to 0.6. `top_k`, `top_p` and `min_p` leave unlikely tokens out, a `stop` (or
        several) ends the text before it would be written, and the same `seed` writes the same text,
        which `charrnn sample` writes as well. UsageError for a value out of bounds, TextError for a
        prompt with characters that the vocabulary lacks, unless `unknown` is "skip" or "nearest".

        >>> model.sample("The king", seed=1) == model.sample("The king", seed=1)
        True
        """
        return "".join(self.stream(prompt, length, **options))

    def stream(
        self, prompt: str = "", length: int = 300, **options: Unpack[Options]
    ) -> Iterator[str]:
        """The text of `sample` in pieces, as they are made.

        >>> "".join(model.stream("The ", seed=3)) == model.sample("The ", seed=3)
        True
        """
        settings = self._settings({"prompt": prompt, "length": length, **options})
        pieces = sampling.sample(self.network, self.tokenizer, settings)
        if settings.prompt:
            next(pieces)
        return pieces

    def samples(
        self, count: int, prompt: str = "", length: int = 300, **options: Unpack[Options]
    ) -> list[str]:
        """So many independent texts, computed together. The first is the one of `sample`.

        >>> texts = model.samples(3, "The ", seed=1)
        >>> len(set(texts)), texts[0] == model.sample("The ", seed=1)
        (3, True)
        """
        settings = self._settings({"count": count, "prompt": prompt, "length": length, **options})
        texts = sampling.sample_many(self.network, self.tokenizer, settings)
        return [text.text for text in sorted(texts, key=lambda text: text.number)]

    def _settings(self, given: dict[str, Any]) -> SampleSettings:
        """Checked, with the prompt as the vocabulary has it."""
        if isinstance(given.get("stop"), str):
            given["stop"] = (given["stop"],)
        (settings,) = checked_settings(given, SampleSettings)
        prompt, _ = known_text(settings.prompt or "", self.tokenizer, settings.unknown)
        checked: SampleSettings = replace(settings, prompt=prompt or None)
        return checked

    def score(self, text: str) -> Score:
        """How well the model predicts a text, as `charrnn eval` finds: every token but the first.

        `.loss` is in nats per token, and there are `.bits_per_character`, `.bits_per_byte`,
        `.perplexity`, `.tokens`, `.characters` and `.bytes`. TextError for fewer than two tokens,
        or characters that the vocabulary lacks.

        >>> score = model.score("The old king sat by the sea.")
        >>> score.tokens, score.bits_per_character < 4.5
        (27, True)
        """
        return score(self.network, self.tokenizer.encode(text), self.tokenizer)


def checked_settings(given: Mapping[str, Any], *kinds: type[Any]) -> list[Any]:
    """Settings of each kind, from the values that are given by name; None counts as not given.

    UsageError for a name that none of them has, a wrong type or a value out of bounds.
    """
    kind_of = {field.name: kind for kind in kinds for field in fields(kind)}
    for name in given:
        if name not in kind_of:
            raise UsageError(f"there is no setting {name}", suggest(name, kind_of))
    values = {name: value for name, value in given.items() if value is not None}
    try:
        return [
            read(kind, {name: value for name, value in values.items() if kind_of[name] is kind})
            for kind in kinds
        ]
    except SettingError as error:
        raise UsageError(f"{error.name}: {error}" if error.name else str(error)) from None
