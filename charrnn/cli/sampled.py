"""The texts of `charrnn sample` on stdout: one, many, answers to prompts, or one in colours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from charrnn.cli.frame import Frame
from charrnn.cli.prompts import read_prompts
from charrnn.errors import TextError
from charrnn.events import Noticed
from charrnn.settings import SampleSettings

if TYPE_CHECKING:
    from charrnn.inference.sampled_texts import SampledText
    from charrnn.storage.checkpoint import Checkpoint

_TEXTS, _WORK = 32, 3e11
"""Texts, and parameters times characters, from which torch is faster although it loads slowly."""


@dataclass(frozen=True)
class Form:
    """How texts are written: the flags of these names."""

    json: bool
    echo: bool
    newline: bool

    def of(self, sampled: "SampledText") -> str:
        """One of many texts: with its line end, and an empty line unless `newline`."""
        if self.json:
            return sampled.as_json()
        whole = sampled.prompt * self.echo + sampled.text
        ended = whole if whole.endswith("\n") else f"{whole}\n"
        return ended if self.newline or whole.endswith("\n") else f"{ended}\n"


class Sampler:
    """A language model, how it samples, and how its texts are written."""

    def __init__(
        self, command: Frame, checkpoint: "Checkpoint", settings: SampleSettings, form: Form
    ) -> None:
        from charrnn.network.language_model import LanguageModel

        self.command, self.checkpoint = command, checkpoint
        self.settings, self.form = settings, form
        self.network = LanguageModel(checkpoint.model, checkpoint.weights)
        self.tokenizer = checkpoint.tokenizer

    def write_one(self) -> None:
        """Write one text, as it is made."""
        from charrnn.inference.sampling import sample

        last, pieces = "", sample(self.network, self.tokenizer, self.settings)
        if self.settings.prompt and not self.form.echo:
            next(pieces)
        for piece in pieces:
            self.command.write(piece)
            last = piece
        if self.form.newline and not last.endswith("\n"):
            self.command.write("\n")

    def write_in_colors(self) -> None:
        """Write one text when it is whole, each character coloured by its surprise."""
        from charrnn.display.surprise import check_colors, colored
        from charrnn.inference.activations import read_text
        from charrnn.inference.sampling import sample

        check_colors()
        text = "".join(sample(self.network, self.tokenizer, self.settings))
        ids = self.tokenizer.encode(text)
        for read in read_text(self.network, self.tokenizer, ids, gates=False):
            self.command.write(colored(zip(read.text, read.bits.tolist(), strict=True)))

    def write_answers(self, file: str) -> None:
        """Write a text for each prompt of a file, or of stdin for `-`, as prompts come."""
        from charrnn.inference.sampled_texts import sample_prompts

        prompts, bits = self._known(read_prompts(file)), self.form.json
        for text in sample_prompts(self.network, self.tokenizer, self.settings, prompts, bits=bits):
            self.command.write(self.form.of(text))

    def _known(self, lists: Iterable[list[str]]) -> Iterator[list[str]]:
        """The prompts as the vocabulary has them. TextError names one with unknown characters.

        Those before it are answered.
        """
        from charrnn.text.unknown import known_text

        numbers = count(1)
        for prompts in lists:
            known: list[str] = []
            for prompt, number in zip(prompts, numbers, strict=False):
                try:
                    known.append(known_text(prompt, self.tokenizer, self.settings.unknown)[0])
                except TextError as error:
                    yield known
                    raise TextError(f"prompt {number}: {error.message}", error.hint) from None
            yield known

    def write_many(self, backend: str) -> None:
        """Write many texts, each when it is whole. TextError if --novel lacks its corpus."""
        settings = self.settings
        work = settings.count * settings.length * self.checkpoint.parameters
        if settings.count >= _TEXTS and work > _WORK and backend == "numpy":
            message = "--backend torch would be faster; it draws other texts from the same seed."
            self.command.emit(Noticed(message))
        for text in self._torch_texts() if backend == "torch" else self._texts():
            self.command.write(self.form.of(text))

    def _torch_texts(self) -> Iterator["SampledText"]:
        from charrnn.evaluation.batch_sampling import sample_many

        emit, bits = self.command.emit, self.form.json
        return sample_many(self.network, self.tokenizer, self.settings, emit, bits=bits)

    def _texts(self) -> Iterator["SampledText"]:
        """All texts, or those that are unique or novel."""
        from charrnn.inference.sampled_texts import sample_many, seed_of

        emit, bits = self.command.emit, self.form.json
        settings = replace(self.settings, seed=seed_of(self.settings))

        def sampled(numbers: range) -> Iterator["SampledText"]:
            model = self.network, self.tokenizer
            return sample_many(*model, settings, emit, numbers=numbers, bits=bits)

        if not (settings.unique or settings.novel):
            return sampled(range(settings.count))
        from charrnn.inference.sampled_texts import select
        from charrnn.storage.runs import corpus_of
        from charrnn.text.novelty import Novelty

        novelty = None
        if settings.novel:
            novelty = Novelty.open(corpus_of(self.checkpoint, "leave --novel out"), emit)
        return select(sampled, settings, novelty, emit)
