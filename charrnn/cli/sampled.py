"""What `charrnn sample` writes to stdout: one text, many, answers to prompts, or one in colours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from charrnn.cli.frame import Frame
from charrnn.cli.prompts import read_prompts
from charrnn.errors import TextError
from charrnn.events import Emit, Noticed
from charrnn.settings import SampleSettings

if TYPE_CHECKING:
    from charrnn.inference.sampled_texts import SampledText
    from charrnn.storage.checkpoint import Checkpoint

_TEXTS, _WORK = 32, 3e11
"""Texts, and parameters times characters, from which torch is faster although it loads slowly."""


@dataclass(frozen=True)
class Form:
    """How texts are written: as the flags of these names say."""

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


def write_one(
    command: Frame, checkpoint: "Checkpoint", settings: SampleSettings, form: Form
) -> None:
    """Write one text, as it is made."""
    from charrnn.inference.sampling import sample
    from charrnn.network.language_model import LanguageModel

    network, last = LanguageModel(checkpoint.model, checkpoint.weights), ""
    pieces = sample(network, checkpoint.tokenizer, settings)
    if settings.prompt and not form.echo:
        next(pieces)
    for piece in pieces:
        command.write(piece)
        last = piece
    if form.newline and not last.endswith("\n"):
        command.write("\n")


def write_in_colors(command: Frame, checkpoint: "Checkpoint", settings: SampleSettings) -> None:
    """Write one text when it is whole, each character coloured by its surprise."""
    from charrnn.display.surprise import check_colors, colored
    from charrnn.inference.activations import read_text
    from charrnn.inference.sampling import sample
    from charrnn.network.language_model import LanguageModel

    check_colors()
    network, tokenizer = LanguageModel(checkpoint.model, checkpoint.weights), checkpoint.tokenizer
    text = "".join(sample(network, tokenizer, settings))
    for read in read_text(network, tokenizer, tokenizer.encode(text), gates=False):
        command.write(colored(zip(read.text, read.bits.tolist(), strict=True)))


def write_answers(
    command: Frame, checkpoint: "Checkpoint", settings: SampleSettings, prompts: str, form: Form
) -> None:
    """Write a text for each prompt of a file, or of stdin for `-`, as prompts come."""
    from charrnn.inference.sampled_texts import sample_prompts
    from charrnn.network.language_model import LanguageModel

    network = LanguageModel(checkpoint.model, checkpoint.weights)
    lists = _known(read_prompts(prompts), checkpoint, settings)
    for text in sample_prompts(network, checkpoint.tokenizer, settings, lists, bits=form.json):
        command.write(form.of(text))


def _known(
    lists: Iterable[list[str]], checkpoint: "Checkpoint", settings: SampleSettings
) -> Iterator[list[str]]:
    """The prompts as the vocabulary has them. TextError names one with unknown characters.

    Those before it are answered.
    """
    from charrnn.text.unknown import known_text

    numbers = count(1)
    for prompts in lists:
        known: list[str] = []
        for prompt, number in zip(prompts, numbers, strict=False):
            try:
                known.append(known_text(prompt, checkpoint.tokenizer, settings.unknown)[0])
            except TextError as error:
                yield known
                raise TextError(f"prompt {number}: {error.message}", error.hint) from None
        yield known


def write_many(
    command: Frame, checkpoint: "Checkpoint", settings: SampleSettings, backend: str, form: Form
) -> None:
    """Write many texts, each when it is whole."""
    work = settings.count * settings.length * checkpoint.parameters
    if settings.count >= _TEXTS and work > _WORK and backend == "numpy":
        message = "--backend torch would be faster; it draws other texts from the same seed."
        command.emit(Noticed(message))
    if settings.unique or settings.novel:
        texts = _selected(checkpoint, settings, form.json, command.emit)
    else:
        texts = _many(checkpoint, settings, backend, form.json, command.emit)
    for text in texts:
        command.write(form.of(text))


def _many(
    checkpoint: "Checkpoint", settings: SampleSettings, backend: str, bits: bool, emit: Emit
) -> Iterator["SampledText"]:
    from charrnn.network.language_model import LanguageModel

    network, tokenizer = LanguageModel(checkpoint.model, checkpoint.weights), checkpoint.tokenizer
    if backend == "torch":
        from charrnn.evaluation.batch_sampling import sample_many as sample_in_torch

        return sample_in_torch(network, tokenizer, settings, emit, bits=bits)
    from charrnn.inference.sampled_texts import sample_many, seed_of

    settings = replace(settings, seed=seed_of(settings))
    numbers = range(settings.count)
    return sample_many(network, tokenizer, settings, emit, numbers=numbers, bits=bits)


def _selected(
    checkpoint: "Checkpoint", settings: SampleSettings, bits: bool, emit: Emit
) -> Iterator["SampledText"]:
    """Texts that are unique or novel. TextError if the corpus is not here."""
    from charrnn.inference.sampled_texts import sample_many, seed_of
    from charrnn.inference.selection import select
    from charrnn.network.language_model import LanguageModel
    from charrnn.storage.runs import corpus_of
    from charrnn.text.novelty import Novelty

    network, tokenizer = LanguageModel(checkpoint.model, checkpoint.weights), checkpoint.tokenizer
    settings = replace(settings, seed=seed_of(settings))
    novelty = None
    if settings.novel:
        novelty = Novelty.open(corpus_of(checkpoint, "leave --novel out"), emit)

    def sampled(numbers: range) -> Iterator["SampledText"]:
        return sample_many(network, tokenizer, settings, emit, numbers=numbers, bits=bits)

    return select(sampled, settings, novelty, emit)
