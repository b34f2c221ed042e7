"""Texts that are computed together: rows of a product, in which one begins where another has ended.

In products of one size the bits of a row depend neither on the other rows nor on its place, so
other rows may be other texts, or none.
"""

import json
import math
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.cells.scanned import TAPS
from charrnn.inference.drawing import Drawing, Prompt, TokenTables, mapped, negative_gumbel
from charrnn.inference.sampling import Ended, TextBuilder, check_finite, generator_of
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer, valid_unicode

_STEPS = 64  # of many texts between two reports of progress
_NUMBERS = 2048  # that a text draws at once, at least for a step


@dataclass(frozen=True)
class SampledText:
    """One of several texts: what the model wrote after the prompt, and what ended it.

    `number` counts from 1; `bits` are the model's for `tokens`, None if they were not asked for.
    """

    number: int
    prompt: str
    text: str
    tokens: int
    bits: float | None
    ended: Ended

    def as_json(self) -> str:
        """As JSON on a line of its own."""
        return valid_unicode(json.dumps(asdict(self), ensure_ascii=False)) + "\n"


class Writing:
    """One of many texts, as its tokens arrive. Its `number` is from 0."""

    def __init__(
        self, tokenizer: Tokenizer, settings: SampleSettings, number: int, prompt: str
    ) -> None:
        self.number, self.prompt = number, prompt
        self.builder = TextBuilder(tokenizer, settings, prompt)
        self._pieces: list[str] = []

    def add(self, token: int, bits: float) -> bool:
        """Whether the text has ended, with this token at the latest."""
        if not self.builder.ended:
            self._pieces.append(self.builder.add(token, bits))
        return self.builder.ended is not None

    def whole(self, *, bits: bool) -> SampledText:
        """The text, which has ended."""
        built, text = self.builder, "".join(self._pieces)
        cost = round(built.bits, 4) if bits else None
        assert built.ended
        return SampledText(self.number + 1, self.prompt, text, built.tokens, cost, built.ended)


class Source(NamedTuple):
    """What texts are sampled from, and those that wait for a row: numbers (from 0) and prompts."""

    network: LanguageModel
    tokenizer: Tokenizer
    settings: SampleSettings
    tables: TokenTables
    read: Callable[[str], Prompt]
    waiting: deque[tuple[int, str]]
    bits: bool


class Blocks:
    """Texts that are computed together: `shape` has the number of blocks, and the rows of each.

    In a row whose text has ended the next one begins.
    """

    def __init__(self, source: Source, shape: tuple[int, int]) -> None:
        self.source, self._rows = source, shape[1]
        prompt = mapped(
            lambda array: np.broadcast_to(array, (*shape, *array.shape)).copy(),
            source.read(source.waiting[0][1]),
        )
        self._drawing = Drawing(source.network, prompt, source.settings, source.tables)
        for _ in range(TAPS):  # then arrays lie in memory as after any step: sums round by that
            self._drawing.read(np.zeros(shape, np.int64))
        vocabulary_size = prompt.logits.shape[-1]
        steps = max(1, _NUMBERS // vocabulary_size)
        self._noise, self._step = np.zeros((steps, *shape, vocabulary_size)), 0
        self._texts: dict[int, tuple[Writing, np.random.Generator]] = {}  # by row
        self._idle = [*range(math.prod(shape))][::-1]
        self.characters = 0
        """Those of the texts that have not ended, after the last `advance`."""

    @property
    def done(self) -> bool:
        """Whether no text is left."""
        return not (self._texts or self.source.waiting)

    def advance(self) -> list[SampledText]:
        """Compute `_STEPS` steps, or as many as there are: the texts that end."""
        ended, bits = list[SampledText](), self.source.bits
        for _ in range(_STEPS):
            self._begin()
            if not self._texts:
                break
            drawn = self._drawing.draw(self._noise[self._step], bits=bits)
            check_finite(bool(np.isfinite(drawn.top.ravel()[[*self._texts]]).all()))
            ids = drawn.ids.ravel().tolist()
            costs = [0.0] * len(ids) if drawn.bits is None else drawn.bits.ravel().tolist()
            for row, (text, _) in [*self._texts.items()]:
                if text.add(ids[row], costs[row]):
                    ended.append(text.whole(bits=bits))
                    self._idle.append(row)
                    del self._texts[row]
            self._drawing.read(drawn.ids)
            self._step += 1
        length = self.source.settings.length
        self.characters = sum(length - text.builder.left for text, _ in self._texts.values())
        return ended

    def _begin(self) -> None:
        """Idle rows take texts that wait. Where each text is computed alone, the others go."""
        _, tokenizer, settings, _, read, waiting, _ = self.source
        if self._step == len(self._noise):
            self._step = 0
            for row in self._texts:
                self._draw_noise(row)
        while self._idle:
            try:
                number, prompt = waiting.popleft()
            except IndexError:  # another thread may have taken the last one
                break
            row, text = self._idle.pop(), Writing(tokenizer, settings, number, prompt)
            place = divmod(row, self._rows)
            self._texts[row] = text, generator_of(settings.seed, number)

            def put(rows: Array, array: Array, place: tuple[int, int] = place) -> Array:
                rows[place] = array
                return rows

            mapped(put, self._drawing.prompt, read(prompt))
            self._draw_noise(row)
        if self._rows == 1 and self._idle and self._texts:
            self._drop_idle()

    def _draw_noise(self, row: int) -> None:
        """The noise of a text, from this step to the last one that there is room for."""
        noise = self._noise[(slice(self._step, None), *divmod(row, self._rows))]
        noise[:] = negative_gumbel(self._texts[row][1].random(noise.shape))

    def _drop_idle(self) -> None:
        """Keep only the rows of texts. Each is computed alone: none needs the others."""
        kept = [*self._texts]
        self._drawing.prompt = mapped(lambda array: array[kept], self._drawing.prompt)
        self._noise = self._noise[:, kept]
        self._texts = dict(enumerate(self._texts.values()))
        self._idle = []
