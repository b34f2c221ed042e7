"""A trained language model, for scripts and notebooks. It computes with NumPy alone."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, Unpack

from charrnn.inference import sampled_texts, sampling
from charrnn.inference.score import Score, score
from charrnn.models.base import Model
from charrnn.models.keywords import SampleKeywords
from charrnn.models.public import public
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings, checked_settings
from charrnn.text.unknown import known_text


class Sample(str):
    """A text that a model has written, which a notebook shows in its lines."""

    __slots__ = ()


class TextModel(Model):
    """A trained language model: it samples texts, and scores them.

    >>> model.settings.cell, model.tokenizer.size
    ('lstm', 34)
    >>> len(model.sample("The ", length=20, seed=1))
    20
    """

    instead = 'Call sample or score. A model that predicts is trained with task="label", say.'

    @cached_property
    def network(self) -> LanguageModel:
        """The network, to be stepped through by hand."""
        return LanguageModel(self.settings, self.checkpoint.weights)

    @public
    def sample(
        self,
        prompt: str = "",
        length: int = SampleSettings.length,
        **options: Unpack[SampleKeywords],
    ) -> str:
        """What the model writes after the prompt, which is not repeated: `length` characters.

        `temp` 0 takes the likeliest token, 1 samples as learned (as without it), "1.2:0.6" goes
        from 1.2 to 0.6. `top_k`, `top_p` and `min_p` leave unlikely tokens out, a `stop` (or
        several) ends the text before it would be written, and the same `seed` writes the same text,
        which `charrnn sample` writes as well. UsageError for a value out of bounds, TextError for a
        prompt with characters that the vocabulary lacks, unless `unknown` is "skip" or "nearest".

        >>> model.sample("The king", seed=1) == model.sample("The king", seed=1)
        True
        """
        return Sample("".join(self.stream(prompt, length, **options)))

    @public
    def stream(
        self,
        prompt: str = "",
        length: int = SampleSettings.length,
        **options: Unpack[SampleKeywords],
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

    @public
    def samples(
        self,
        count: int,
        prompt: str = "",
        length: int = SampleSettings.length,
        **options: Unpack[SampleKeywords],
    ) -> list[str]:
        """`count` independent texts, computed together. The first is the one of `sample`.

        >>> texts = model.samples(3, "The ", seed=1)
        >>> len(set(texts)), texts[0] == model.sample("The ", seed=1)
        (3, True)
        """
        settings = self._settings({"count": count, "prompt": prompt, "length": length, **options})
        texts = sampled_texts.sample_many(self.network, self.tokenizer, settings)
        return [text.text for text in texts]

    def _settings(self, given: dict[str, Any]) -> SampleSettings:
        """Checked, with the prompt as the vocabulary has it."""
        if isinstance(given.get("stop"), str):
            given["stop"] = (given["stop"],)
        (settings,) = checked_settings(given, SampleSettings)
        prompt, _ = known_text(settings.prompt or "", self.tokenizer, settings.unknown)
        checked: SampleSettings = replace(settings, prompt=prompt or None)
        return checked

    @public
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
