"""charrnn eval: how well a model predicts a text, or the targets of examples."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Device, Encoding, Json, Part, Quiet, Run, exclude, run_and_file
from charrnn.errors import UsageError
from charrnn.events import Emit
from charrnn.settings import ADVANCED, PartName, UnknownName, no_effect

if TYPE_CHECKING:
    from charrnn.display.reports import Report
    from charrnn.evaluation.detail import Losses, Per
    from charrnn.evaluation.scoring import Protocol, Subject
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.tasks.outputs.decoding import Decoding

Text = Annotated[
    str | None,
    typer.Argument(help="a text file, or - for stdin", show_default="the run's own corpus"),
]
Context = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="score windows of N tokens, each from a zero state"),
]
Dynamic = Annotated[bool, typer.Option("--dynamic", help="keep training on what has been scored")]
PerOption = Annotated[
    Literal["line", "document", "character"] | None,
    typer.Option(
        "--per", help="score each line, document or character", metavar="NAME",
        show_default="all of the text",
    ),
]  # fmt: skip
Baselines = Annotated[
    bool, typer.Option("--baselines", help="show what zlib, bz2, xz and PPMd make of the text, too")
]
Beam = Annotated[
    int | None,
    typer.Option(
        min=1, max=1000, metavar="N", help="with --task rewrite or caption: beam search",
        show_default="1",
    ),
]  # fmt: skip
Unknown = Annotated[
    UnknownName | None,
    typer.Option(
        help="characters that the vocabulary lacks: error, skip, or take the nearest",
        metavar="NAME", show_default="error", rich_help_panel=ADVANCED,
    ),
]  # fmt: skip


def evaluate(
    run: Run = None,
    text: Text = None,
    part: Part = None,
    per: PerOption = None,
    context: Context = None,
    dynamic: Dynamic = False,
    baselines: Baselines = False,
    beam: Beam = None,
    unknown: Unknown = None,
    encoding: Encoding = None,
    device: Device = "auto",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a model on a text, in bits per character and per byte.

    The lower, the better. A text alone is scored with the run trained last.
    """
    exclude(per=per, baselines=baselines)
    with frame(quiet=quiet, json=json) as command:
        run, text = run_and_file(run, text)
        for name, value in (("--encoding", encoding), ("--unknown", unknown)):
            if text is None and value:
                raise UsageError(f"{name} is for a text file", "Name one after the run.")
        if text is not None and part:
            hint = "Leave one of them out."
            raise UsageError(f"--part is a part of the corpus, not of {text}", hint)
        checkpoint = command.load(run)
        from charrnn.tasks import predicts_targets

        if predicts_targets(checkpoint.model):
            from charrnn.tasks.outputs.decoding import Decoding

            _refuse(checkpoint, per=per, context=context, dynamic=dynamic, baselines=baselines)
            beams = Decoding(beam or 1)
            command.show(_score_examples(checkpoint, text, part, encoding, unknown, beams))
            return
        if beam:
            raise no_effect("beam", f"--task {checkpoint.model.task}", "name a run that writes")
        from charrnn.evaluation.scoring import Protocol

        protocol = Protocol(context, dynamic)
        subject = _subject(checkpoint, text, part, encoding, unknown, command.emit)
        command.show(_score_text(subject, protocol, per, baselines, device, command.emit))


def _subject(
    checkpoint: "Checkpoint",
    text: str | None,
    part: PartName | None,
    encoding: str | None,
    unknown: UnknownName | None,
    emit: Emit,
) -> "Subject":
    """The run and what it is scored on: a text, or a part of its corpus."""
    from charrnn.evaluation.scoring import part_of_run, text_for_run

    if text is None:
        return part_of_run(checkpoint, part)
    return text_for_run(checkpoint, text, encoding, unknown or "error", emit)


def _score_text(
    subject: "Subject",
    protocol: "Protocol",
    per: "Per | None",
    baselines: bool,
    device: str,
    emit: Emit,
) -> "Report":
    """The score of the whole text, or of each of its lines, documents or characters."""
    from charrnn.display.scores import score_report
    from charrnn.evaluation.detail import check_per
    from charrnn.evaluation.scoring import losses_of, score_subject

    if not per:
        return score_report(score_subject(subject, emit, protocol, device, compressors=baselines))
    check_per(per, subject.checkpoint.tokenizer)
    return _detail(subject, losses_of(subject, emit, protocol, device), per)


def _detail(subject: "Subject", losses: "Losses", per: "Per") -> "Report":
    from charrnn.display.scores import sections_report, symbols_report
    from charrnn.evaluation.detail import sections, surprising_spots, symbols

    scored = losses, subject.tokens, subject.checkpoint.tokenizer
    spots = surprising_spots(*scored)
    if per == "character":
        return symbols_report(symbols(*scored), spots)
    return sections_report(sections(*scored, per), per, spots)


def _refuse(checkpoint: "Checkpoint", **flags: object) -> None:
    """Raise UsageError if one of these flags, for texts that go on, is given."""
    for name, value in flags.items():
        if value not in (None, False):
            raise no_effect(name, f"--task {checkpoint.model.task}", "name a language model")


def _score_examples(
    checkpoint: "Checkpoint",
    file: str | None,
    part: PartName | None,
    encoding: str | None,
    unknown: UnknownName | None,
    decoding: "Decoding",
) -> "Report":
    """The score of a run on a part of its examples, or on those in a file.

    TextError for a label that the run does not have.
    """
    from charrnn.display.scores import examples_report
    from charrnn.models import Predictor

    model = Predictor(checkpoint)
    if file is None:
        score, chosen = model.score_part(part, decoding)
        subject: dict[str, object] = {"part": chosen}
    else:
        score = model.score_file(file, encoding, unknown or "skip", decoding)
        subject = {"text": "stdin" if file == "-" else file}
    about = subject | {"run": checkpoint.run, "step": checkpoint.step}
    return examples_report(score, checkpoint.target_vocabulary, about)
