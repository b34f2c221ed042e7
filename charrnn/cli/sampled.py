"""What `charrnn sample` writes to stdout: one text, many texts, or one in colours."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from charrnn.cli.options import notices
from charrnn.cli.prompts import read_prompts
from charrnn.errors import TextError
from charrnn.events import Emit, Event, Noticed
from charrnn.settings import SampleSettings

if TYPE_CHECKING:
    from charrnn.inference.sampled_text import SampledText
    from charrnn.storage.checkpoint import Checkpoint

_TEXTS, _WORK = 32, 3e11
"""Texts, and parameters times characters, from which torch is faster although it loads slowly."""


@dataclass(frozen=True)
class Form:
    """How texts are written: as the flags of these names say."""

    json: bool
    echo: bool
    newline: bool
    raw: bool

    def of(self, prompt: str, text: str) -> str:
        """One of many texts: with its line end, and an empty line unless `newline`."""
        whole = prompt * self.echo + text
        ended = whole if whole.endswith("\n") else f"{whole}\n"
        return ended if self.newline or whole.endswith("\n") else f"{ended}\n"


def write_one(checkpoint: "Checkpoint", settings: SampleSettings, form: Form) -> None:
    """Write one text, as it is made."""
    from charrnn.display.stdout import stdout_writer
    from charrnn.inference.sampling import sample as sample_text
    from charrnn.network.language_model import LanguageModel

    network = LanguageModel(checkpoint.model, checkpoint.weights)
    last = ""
    with stdout_writer(raw=form.raw) as write:
        pieces = sample_text(network, checkpoint.tokenizer, settings)
        if settings.prompt and not form.echo:
            next(pieces)
        for piece in pieces:
            write(piece)
            last = piece
        if form.newline and not last.endswith("\n"):
            write("\n")


def write_many(
    checkpoint: "Checkpoint",
    settings: SampleSettings,
    prompts: str | None,
    backend: str,
    form: Form,
    quiet: bool,
) -> None:
    """Write many texts, each when it is whole; with their progress on stderr, unless `quiet`."""
    from charrnn.display.stdout import stdout_writer
    from charrnn.inference.sampling import sample_prompts
    from charrnn.network.language_model import LanguageModel

    if prompts:
        network = LanguageModel(checkpoint.model, checkpoint.weights)
        lists = _usable(read_prompts(prompts), checkpoint, settings)
        texts = sample_prompts(network, checkpoint.tokenizer, settings, lists, bits=form.json)
    else:
        texts = _many(checkpoint, settings, backend, form.json, quiet)
    with stdout_writer(raw=form.raw) as write:
        for text in texts:
            write(text.as_json() if form.json else form.of(text.prompt, text.text))


def _usable(
    lists: Iterable[list[str]], checkpoint: "Checkpoint", settings: SampleSettings
) -> Iterator[list[str]]:
    """The prompts as the vocabulary has them. TextError names one with unknown characters.

    Those before it are answered.
    """
    from charrnn.text.unknown import known_text

    number = count(1)
    for prompts in lists:
        found: list[str] = []
        for prompt in prompts:
            place = next(number)
            try:
                found.append(known_text(prompt, checkpoint.tokenizer, settings.unknown)[0])
            except TextError as error:
                yield found
                raise TextError(f"prompt {place}: {error.message}", error.hint) from None
        yield found


def _many(
    checkpoint: "Checkpoint",
    settings: SampleSettings,
    backend: str,
    bits: bool,
    quiet: bool,
) -> Iterator["SampledText"]:
    from charrnn.display.log import listen_beside_output
    from charrnn.inference.sampling import sample_many, seed_of
    from charrnn.network.language_model import LanguageModel

    network, tokenizer = LanguageModel(checkpoint.model, checkpoint.weights), checkpoint.tokenizer
    notice = notices(quiet)
    work = settings.count * settings.length * checkpoint.parameters
    if settings.count >= _TEXTS and work > _WORK and backend == "numpy":
        notice(Noticed("--backend torch would be faster; it draws other texts from the same seed."))
    with listen_beside_output() as show:

        def emit(event: Event) -> None:
            (notice if quiet or isinstance(event, Noticed) else show)(event)

        if backend == "torch":
            from charrnn.evaluation.batch_sampling import sample_many as sample_in_torch

            yield from sample_in_torch(network, tokenizer, settings, emit, bits=bits)
            return
        settings = replace(settings, seed=seed_of(settings))

        def some(numbers: range) -> Iterator["SampledText"]:
            return sample_many(network, tokenizer, settings, emit, numbers=numbers, bits=bits)

        if settings.unique or settings.novel:
            yield from _selected(checkpoint, settings, some, emit)
        else:
            yield from some(range(settings.count))


def _selected(
    checkpoint: "Checkpoint",
    settings: SampleSettings,
    some: Callable[[range], Iterator["SampledText"]],
    emit: Emit,
) -> Iterator["SampledText"]:
    """Texts that are unique or novel. TextError if the corpus is not here."""
    from charrnn.inference.selection import select
    from charrnn.storage.checkpoint import corpus_of
    from charrnn.text.novelty import Novelty

    novelty = None
    if settings.novel:
        novelty = Novelty.open(corpus_of(checkpoint, "leave --novel out"), emit)
    yield from select(some, settings, novelty, emit)


def write_in_colors(checkpoint: "Checkpoint", settings: SampleSettings) -> None:
    """Write one text when it is whole, each character coloured by its surprise."""
    from charrnn.display.stdout import stdout_writer
    from charrnn.display.surprise import check_colors, colored
    from charrnn.inference.activations import read_text
    from charrnn.inference.sampling import sample as sample_text
    from charrnn.network.language_model import LanguageModel

    check_colors()
    network, tokenizer = LanguageModel(checkpoint.model, checkpoint.weights), checkpoint.tokenizer
    text = "".join(sample_text(network, tokenizer, settings))
    with stdout_writer(raw=True) as write:
        for read in read_text(network, tokenizer, tokenizer.encode(text), gates=False):
            write(colored(zip(read.text, read.bits.tolist(), strict=True)))
