"""charrnn sample: text from a trained model."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charrnn.cli.flags import SETTINGS, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Run, exclude
from charrnn.cli.prompts import interpreted, read_prompt
from charrnn.cli.sampled import Form, write_answers, write_in_colors, write_many, write_one
from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed
from charrnn.settings import ADVANCED, SampleSettings

if TYPE_CHECKING:
    from charrnn.storage.checkpoint import Checkpoint

_DIALOGUE_LENGTH = 200  # characters of an answer, where no length is given

Raw = Annotated[
    bool,
    typer.Option(
        "--raw", help="do not escape control characters on a terminal", rich_help_panel=ADVANCED
    ),
]
Backend = Annotated[
    Literal["numpy", "torch"],
    typer.Option(
        help="what computes many texts; torch draws other texts from the same seed",
        metavar="numpy|torch", rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
PromptFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="continue the text of this file; - is stdin")
]
Prompts = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="continue each line of this file, or each JSON line's prompt; - is stdin",
    ),
]
Echo = Annotated[
    bool, typer.Option("--echo/--no-echo", help="print the prompt first", rich_help_panel=SETTINGS)
]
Newline = Annotated[
    bool, typer.Option("--newline", help="end each text with one line end, for a pipe")
]
KeepNewline = Annotated[
    bool,
    typer.Option(
        "--keep-newline", help="keep the last line end of a prompt from stdin or a file",
        rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
Escapes = Annotated[
    bool,
    typer.Option(
        "--escapes",
        help=r"interpret \n, \t, \u00e9 in --prompt and --stop",
        rich_help_panel=ADVANCED,
    ),
]
ShowBits = Annotated[
    bool,
    typer.Option(
        "--show-bits",
        help="colour each character by its surprise, in bits",
        rich_help_panel=SETTINGS,
    ),
]
Interactive = Annotated[
    bool, typer.Option("--interactive", "-i", help="write in turns: /help there says more")
]


@with_flags("length", "temp", "prompt", "seed", "count", "stop")
def sample(
    settings: SampleSettings,
    run: Run = None,
    prompt_file: PromptFile = None,
    prompts: Prompts = None,
    echo: Echo = True,
    newline: Newline = False,
    interactive: Interactive = False,
    show_bits: ShowBits = False,
    escapes: Escapes = False,
    keep_newline: KeepNewline = False,
    quiet: Quiet = False,
    json: Json = False,
    raw: Raw = False,
    backend: Backend = "numpy",
) -> None:
    """Generate text with a trained model."""
    exclude(raw=raw, json=json, show_bits=show_bits, interactive=interactive)
    exclude(prompt=settings.prompt, prompt_file=prompt_file, prompts=prompts)
    for other in ("prompts", "count", "unique", "novel", "newline"):
        asked = {"prompts": prompts, "newline": newline}.get(other, other in settings.given)
        exclude(interactive=interactive, **{other: asked})
        exclude(show_bits=show_bits, **{other: asked})
    selecting = settings.unique or settings.novel
    exclude(prompts=prompts, unique=settings.unique)
    exclude(prompts=prompts, novel=settings.novel)
    if backend == "torch" and (selecting or prompts):
        raise UsageError(
            "--backend torch computes plain texts only", "Leave it out with these flags."
        )
    form = Form(json, echo, newline)
    with frame(quiet=quiet, json=json, stdout="data", raw=raw or show_bits) as command:
        model = command.load(run, "text")
        settings = _with_prompt(settings, model, prompt_file, keep_newline, escapes, command.emit)
        if interactive:
            from charrnn.cli.interactive import converse

            length = settings.length if "length" in settings.given else _DIALOGUE_LENGTH
            converse(model, settings.with_chosen(length=length))
        elif show_bits:
            write_in_colors(command, model, settings)
        elif prompts:
            write_answers(command, model, settings, prompts, form)
        elif json or settings.count > 1 or selecting or backend == "torch":
            write_many(command, model, settings, backend, form)
        else:
            write_one(command, model, settings, form)


def _with_prompt(
    settings: SampleSettings,
    checkpoint: "Checkpoint",
    prompt_file: str | None,
    keep_newline: bool,
    escapes: bool,
    emit: Emit,
) -> SampleSettings:
    """The settings with the prompt as it is to be continued, and the stops as they are meant."""
    source = prompt_file or ("-" if settings.prompt == "-" else None)
    prompt, stop = settings.prompt, settings.stop
    if escapes:
        prompt = interpreted("--prompt", prompt) if prompt and not source else prompt
        stop = tuple(interpreted("--stop", text) for text in stop)
    if source:
        prompt = read_prompt(source, keep_newline)
    if prompt and settings.unknown != "error":
        from charrnn.text.unknown import known_text

        prompt, changed = known_text(prompt, checkpoint.tokenizer, settings.unknown)
        if changed:
            emit(Noticed(f"Characters of the prompt that the vocabulary lacks: {changed}."))
    return settings.with_chosen(prompt=prompt, stop=stop)
