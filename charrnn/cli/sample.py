"""charrnn sample: text from a trained model."""

from typing import TYPE_CHECKING, Annotated, Literal

from charrnn.cli.flags import SETTINGS, Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Run, exclude
from charrnn.cli.prompts import interpreted, read_prompt
from charrnn.cli.sampled import Form, Sampler
from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed
from charrnn.settings import ADVANCED, SampleSettings

if TYPE_CHECKING:
    from charrnn.storage.checkpoint import Checkpoint

_DIALOGUE_LENGTH = 200  # characters of an answer, where no length is given
_LISTED = Shown(SETTINGS)


@with_flags("length", "temp", "prompt", "seed", "count", "stop")
def sample(
    settings: SampleSettings,
    run: Run = None,
    prompt_file: Annotated[str | None, "continue the text of this file; - is stdin"] = None,
    prompts: Annotated[
        str | None, "continue each line of this file, or each JSON line's prompt; - is stdin"
    ] = None,
    echo: Annotated[bool, "print the prompt first", _LISTED] = True,
    newline: Annotated[bool, "end each text with one newline, for a pipe"] = False,
    interactive: Annotated[bool, "write in turns with the model; /help lists the commands"] = False,
    show_bits: Annotated[bool, "colour each character by its surprise, in bits", _LISTED] = False,
    escapes: Annotated[bool, r"interpret \n, \t, \u00e9 in --prompt and --stop", ADVANCED] = False,
    keep_newline: Annotated[
        bool, "keep the final newline of a prompt from stdin or a file", ADVANCED
    ] = False,
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
    exclude(raw=raw, json=json, show_bits=show_bits, interactive=interactive)
    exclude(prompt=settings.prompt, prompt_file=prompt_file, prompts=prompts)
    for other in ("prompts", "count", "unique", "novel", "newline"):
        asked = {"prompts": prompts, "newline": newline}.get(other, other in settings.given)
        exclude(interactive=interactive, **{other: asked})
        exclude(show_bits=show_bits, **{other: asked})
    exclude(prompts=prompts, unique=settings.unique)
    exclude(prompts=prompts, novel=settings.novel)
    selects = settings.unique or settings.novel
    if backend == "torch" and (selects or prompts):
        raise UsageError(
            "--backend torch computes plain texts only", "Leave it out with these flags."
        )
    with frame(quiet=quiet, json=json, stdout="data", raw=raw or show_bits) as command:
        model = command.load_language_model(run)
        settings = _with_prompt(settings, model, prompt_file, keep_newline, escapes, command.emit)
        if interactive:
            from charrnn.cli.interactive import converse

            length = settings.length if "length" in settings.given else _DIALOGUE_LENGTH
            converse(model, settings.with_chosen(length=length))
            return
        sampler = Sampler(command, model, settings, Form(json, echo, newline))
        if show_bits:
            sampler.write_in_colors()
        elif prompts:
            sampler.write_answers(prompts)
        elif json or settings.count > 1 or selects or backend == "torch":
            sampler.write_many(backend)
        else:
            sampler.write_one()


def _with_prompt(
    settings: SampleSettings,
    checkpoint: "Checkpoint",
    prompt_file: str | None,
    keep_newline: bool,
    escapes: bool,
    emit: Emit,
) -> SampleSettings:
    """The settings with the prompt that is read, and escapes interpreted."""
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
