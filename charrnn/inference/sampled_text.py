"""The texts that sampled tokens spell: in whole characters, of a length, up to a stop."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

from charrnn.cells.arrays import Array
from charrnn.events import Emit, Progress
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import END, Tokenizer, valid_unicode

Ended = Literal["length", "stop", "newline", "document"]


class Block(NamedTuple):
    """The next K tokens of a batch of texts: ids and, if asked for, bits, (K, B) or (K, B, 1)."""

    ids: Array
    bits: Array | None


class TextBuilder:
    """The characters of one text as its tokens arrive: `length` of them, or up to a stop.

    `tokens` are counted, and their `bits` summed, up to the token that ends the text.
    """

    def __init__(self, tokenizer: Tokenizer, settings: SampleSettings) -> None:
        self.decode = tokenizer.decoder()
        self.left = settings.length
        self.stops: dict[str, Ended] = dict.fromkeys(settings.stop, "stop")
        if tokenizer.end is not None:
            self.stops[END] = "document"
        if settings.until == "newline":
            self.stops["\n"] = "newline"
        self.held, self.tokens, self.bits = "", 0, 0.0
        self.ended: Ended | None = None if self.left else "length"

    def add(self, token: int, bits: float = 0.0) -> str:
        """What can be shown, now that it is known; what may begin a stop is held back."""
        self.tokens += 1
        self.bits += bits
        piece = self.decode(token)[: self.left]
        self.left -= len(piece)
        if not self.left:
            self.ended = "length"
        if not self.stops:
            return piece
        text = self.held + piece
        found = [(text.index(stop), kind) for stop, kind in self.stops.items() if stop in text]
        if found:
            first, self.ended = min(found, key=lambda stop: stop[0])
            return text[:first]
        kept = 0 if self.ended else max(_overlap(text, stop) for stop in self.stops)
        self.held = text[len(text) - kept :]
        return text[: len(text) - kept]


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of the text with which a stop begins."""
    return max(n for n in range(len(stop)) if text.endswith(stop[:n]))


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


def spell(
    tokenizer: Tokenizer,
    settings: SampleSettings,
    texts: Sequence[tuple[int, str]],
    blocks: Iterator[Block],
    emit: Emit,
) -> Iterator[SampledText]:
    """The texts of these numbers (from 0) and prompts, which the blocks spell, as they end."""
    builders = {column: TextBuilder(tokenizer, settings) for column in range(len(texts))}
    written = dict.fromkeys(builders, "")
    task, total = f"sampling {settings.count} texts", settings.count * settings.length
    while builders:
        block = next(blocks)
        columns = block.ids.reshape(len(block.ids), -1).T.tolist()
        bits = [] if block.bits is None else block.bits.reshape(len(block.ids), -1).T.tolist()
        done = texts[0][0] * settings.length + sum(map(len, written.values()))
        emit(Progress(task, min(done, total), total))
        for column, text in list(builders.items()):
            nats = bits[column] if bits else [0.0] * len(columns[column])
            for token, cost in zip(columns[column], nats, strict=True):
                if not text.ended:
                    written[column] += text.add(token, cost)
            if text.ended:
                del builders[column]
                number, prompt = texts[column]
                cost = round(text.bits, 4) if bits else None
                yield SampledText(
                    number + 1, prompt, written[column], text.tokens, cost, text.ended
                )
