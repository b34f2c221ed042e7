"""The texts that sampled tokens spell: in whole characters, of a length, up to a stop."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from charrnn.cells.base import Array
from charrnn.events import Emit, Progress
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer, valid_unicode


class TextBuilder:
    """The characters of one text as its tokens arrive: `length` of them, or up to `stop`."""

    def __init__(self, tokenizer: Tokenizer, settings: SampleSettings) -> None:
        self.decode = tokenizer.decoder()
        self.left = settings.length
        self.stop = settings.stop or ""
        self.held = ""
        self.stopped = False

    @property
    def done(self) -> bool:
        return self.stopped or self.left == 0

    def add(self, tokens: Iterable[int]) -> str:
        """What can be shown, now that these are known; what may begin a stop is held back."""
        piece = "".join(map(self.decode, tokens))[: self.left]
        self.left -= len(piece)
        if not self.stop:
            return piece
        self.held += piece
        if self.stop in self.held:
            self.stopped = True
            return self.held[: self.held.index(self.stop)]
        keep = max(n for n in range(len(self.stop)) if self.held.endswith(self.stop[:n]))
        cut = len(self.held) if self.left == 0 else len(self.held) - keep
        shown, self.held = self.held[:cut], self.held[cut:]
        return shown


@dataclass(frozen=True)
class SampledText:
    """One of several texts. `number` counts from 1; `stopped`: it ended before `stop`."""

    number: int
    prompt: str
    text: str
    stopped: bool

    def line(self, as_json: bool) -> str:
        """As JSON on a line of its own, or the text as it is, and an empty line."""
        if as_json:
            return valid_unicode(json.dumps(asdict(self), ensure_ascii=False)) + "\n"
        whole = self.prompt + self.text
        return f"{whole}\n" if whole.endswith("\n") else f"{whole}\n\n"


def spell(
    tokenizer: Tokenizer,
    settings: SampleSettings,
    numbers: range,
    blocks: Iterator[Array],
    emit: Emit,
) -> Iterator[SampledText]:
    """The texts of these numbers (from 0), which such blocks of ids (K, B or B, 1) spell."""
    texts = {number: TextBuilder(tokenizer, settings) for number in numbers}
    written = dict.fromkeys(texts, "")
    task, total = f"sampling {settings.count} texts", settings.count * settings.length
    while texts:
        block = next(blocks)
        columns = block.reshape(len(block), -1).T.tolist()
        done = numbers.start * settings.length + sum(map(len, written.values()))
        emit(Progress(task, done, total))
        for number, text in list(texts.items()):
            written[number] += text.add(columns[number - numbers.start])
            if text.done:
                del texts[number]
                prompt = settings.prompt or ""
                yield SampledText(number + 1, prompt, written[number], text.stopped)
