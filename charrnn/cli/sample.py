"""charrnn sample: text from a trained model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charrnn.cli.extras import find_extra
from charrnn.cli.flags import SETTINGS, Shown, with_flags
from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import Json, Output, Quiet, Replace, Run, exclude, output_path
from charrnn.cli.prompts import read_prompts, stdin_has_text, with_opening, with_prompt
from charrnn.errors import TextError, located
from charrnn.events import Noticed
from charrnn.settings import ADVANCED, SampleSettings

if TYPE_CHECKING:
    from charrnn.inference.blocks import SampledText
    from charrnn.storage.checkpoint import Checkpoint

_DIALOGUE_LENGTH = 200  # characters of an answer, where no length is given
_TEXTS, _WORK = 64, 2e11
"""Texts, and parameters times characters, from which torch is faster although it loads slowly.

Not for documents: they end at different lengths, and in torch none takes the place of another.
"""
_MAX_BITS = 8.0  # more surprise than this has the same colour
_LISTED = Shown(SETTINGS)

Opening = Annotated[
    str | None,
    typer.Argument(
        metavar="TEXT", help="text to continue; - is stdin", show_default="what a pipe brings"
    ),
]


@with_flags("length", "temp", "prompt", "seed", "count", "stop")
def sample(
    settings: SampleSettings,
    run: Run = None,
    opening: Opening = None,
    prompt_file: Annotated[str | None, "continue the text of this file; - is stdin"] = None,
    prompts: Annotated[
        str | None, "continue each line of this file, or each JSON line's prompt; - is stdin"
    ] = None,
    echo: Annotated[bool, "print the prompt first", _LISTED] = True,
    newline: Annotated[bool, "end each text with one newline, for a pipe", _LISTED] = False,
    interactive: Annotated[
        bool,
        "write in turns with the model; /help lists the commands",
        Shown(extra="--interactive"),
    ] = False,
    show_bits: Annotated[bool, "colour each character by its surprise, in bits", _LISTED] = False,
    escapes: Annotated[bool, r"interpret \n, \t, \u00e9 in --prompt and --stop", ADVANCED] = False,
    keep_newline: Annotated[
        bool, "keep the final newline of a prompt from stdin or a file", ADVANCED
    ] = False,
    output: Output = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
    raw: Annotated[bool, "do not escape control characters on a terminal", ADVANCED] = False,
    backend: Annotated[
        Literal["numpy", "torch"],
        "library that computes many texts; torch draws others from the same seed",
        ADVANCED,
    ] = "numpy",
) -> None:
    """Generate text with a trained model."""
    run, settings = with_opening(run, opening, settings)
    exclude(raw=raw, json=json, show_bits=show_bits, interactive=interactive)
    exclude(prompt=settings.prompt, prompt_file=prompt_file, prompts=prompts)
    exclude(output=output, raw=raw, show_bits=show_bits, interactive=interactive)
    for other in ("prompts", "count", "unique", "novel", "newline"):
        asked = {"prompts": prompts, "newline": newline}.get(other, other in settings.given)
        exclude(interactive=interactive, **{other: asked})
        exclude(show_bits=show_bits, **{other: asked})
    selects = {"unique": settings.unique, "novel": settings.novel}
    others = {"prompts": prompts, "show_bits": show_bits, "interactive": interactive, **selects}
    for name, value in others.items():
        exclude(**{"backend torch": backend == "torch", name: value})
    for name, value in selects.items():
        exclude(prompts=prompts, **{name: value})
    path = output_path(output, yes)
    with frame(quiet=quiet, json=json, stdout="data", raw=raw or show_bits, output=path) as command:
        model = command.load_language_model(run)
        if not (prompts or prompt_file or interactive or settings.prompt is not None):
            prompt_file = "-" if stdin_has_text(command.emit) else None
        settings = with_prompt(
            settings, model.tokenizer, command.emit,
            file=prompt_file, keep_newline=keep_newline, escapes=escapes,
        )  # fmt: skip
        if interactive:
            length = settings.length if "length" in settings.given else _DIALOGUE_LENGTH
            find_extra("--interactive")(model, settings.with_chosen(length=length))
            return
        sampler = Sampler(command, model, settings, Form(json, echo, newline))
        if show_bits:
            sampler.write_in_colors()
        elif prompts:
            sampler.write_answers(prompts)
        elif json or settings.count > 1 or any(selects.values()) or backend == "torch":
            sampler.write_many(backend)
        else:
            sampler.write_one()


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
        from charrnn.display.console import output_console, print_shaded, shows_colours
        from charrnn.display.stdout import stop_at_closed_pipe
        from charrnn.inference.activations import read_text
        from charrnn.inference.sampling import sample

        out = output_console()
        if not shows_colours(out):
            self.command.emit(
                Noticed(
                    "--show-bits: colours are shown on a terminal, and not with "
                    "NO_COLOR. For numbers: charrnn eval --per character"
                )
            )
            self.write_one()
            return
        text = "".join(sample(self.network, self.tokenizer, self.settings))
        ids = self.tokenizer.encode(text)
        with stop_at_closed_pipe():
            for read in read_text(self.network, self.tokenizer, ids, gates=False):
                print_shaded(out, read.text, (read.bits / _MAX_BITS).clip(0, 1).tolist())
            if not text.endswith("\n"):
                out.print()

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
        from charrnn.text.unknown import Unknown, known_text

        numbers, unknown, lacking = count(1), self.settings.unknown, Unknown.none()
        for prompts in lists:
            known: list[str] = []
            for prompt, number in zip(prompts, numbers, strict=False):
                try:
                    with located(f"prompt {number}"):
                        text, of_prompt = known_text(prompt, self.tokenizer, unknown)
                    known.append(text)
                    lacking.add(of_prompt)
                except TextError:
                    yield known
                    raise
            yield known
        if told := lacking.sentences(unknown):
            self.command.emit(Noticed(told))

    def write_many(self, backend: str) -> None:
        """Write many texts, in order. TextError if --novel lacks its corpus."""
        settings = self.settings
        work = settings.count * settings.length * self.checkpoint.parameters
        is_long = settings.count >= _TEXTS and work > _WORK and self.tokenizer.end is None
        if is_long and backend == "numpy":
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
        from charrnn.inference.sampled_texts import sample_many, seed_of, select

        emit, bits = self.command.emit, self.form.json
        settings = replace(self.settings, seed=seed_of(self.settings))

        def sampled(numbers: range) -> Iterator["SampledText"]:
            model = self.network, self.tokenizer
            return sample_many(*model, settings, emit, numbers=numbers, bits=bits)

        if not (settings.unique or settings.novel):
            return sampled(range(settings.count))
        from charrnn.storage.runs import corpus_of
        from charrnn.text.novelty import Novelty

        novelty = None
        if settings.novel:
            novelty = Novelty.open(corpus_of(self.checkpoint, "leave --novel out"), emit)
        return select(sampled, settings, novelty, emit)
