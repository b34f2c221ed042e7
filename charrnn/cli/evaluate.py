"""charrnn eval: how well a model predicts a text."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charrnn.cli.evaluate_examples import evaluate_examples
from charrnn.cli.options import Device, Encoding, Json, Part, Quiet, Run, exclude, notices
from charrnn.cli.process import limit_threads
from charrnn.errors import UsageError
from charrnn.settings import ADVANCED, UnknownName, no_effect

if TYPE_CHECKING:
    from charrnn.evaluation.detail import Losses, Per
    from charrnn.evaluation.scoring import Subject

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
    limit_threads()
    from charrnn.display.log import listen
    from charrnn.display.scores import show_scores
    from charrnn.evaluation.detail import check_per
    from charrnn.evaluation.scoring import (
        Protocol,
        losses_of,
        part_of_run,
        score_subject,
        text_for_run,
    )
    from charrnn.storage.runs import is_text, load_run

    if run is not None and text is None and is_text(run):
        run, text = None, run
    for name, value in (("--encoding", encoding), ("--unknown", unknown)):
        if text is None and value:
            raise UsageError(f"{name} is for a text file", "Name one after the run.")
    if text is not None and part:
        raise UsageError(f"--part is a part of the corpus, not of {text}", "Leave one of them out.")
    checkpoint = load_run(run, notices(quiet or json), None)
    if checkpoint.model.task != "text":
        from charrnn.inference.task_model import Decoding

        flags = {"per": per, "context": context, "dynamic": dynamic, "baselines": baselines}
        beams = Decoding(beam or 1)
        evaluate_examples(checkpoint, text, part, encoding, unknown, beams, json, flags)
        return
    if beam:
        raise no_effect("beam", "--task text", "name a run that writes texts")
    protocol = Protocol(context, dynamic)
    with listen(quiet or json, as_json=False) as emit:
        if text is None:
            subject = part_of_run(checkpoint, part)
        else:
            subject = text_for_run(checkpoint, text, encoding, unknown or "error", emit)
        if per:
            check_per(per, subject.checkpoint.tokenizer)
            losses = losses_of(subject, emit, protocol, device)
        else:
            scores = score_subject(subject, emit, protocol, device, compressors=baselines)
    if per:
        _show_detail(subject, losses, per, json)
    else:
        show_scores(scores, json)


def _show_detail(subject: "Subject", losses: "Losses", per: "Per", json: bool) -> None:
    from charrnn.display.listings import print_records
    from charrnn.display.scores import show_sections, show_spots, show_symbols
    from charrnn.evaluation.detail import record, sections, surprising_spots, symbols

    what = losses, subject.tokens, subject.checkpoint.tokenizer
    if json:
        found = symbols(*what) if per == "character" else sections(*what, per)
        print_records(map(record, found))
        return
    if per == "character":
        show_symbols(symbols(*what))
    else:
        show_sections(sections(*what, per), per)
    show_spots(surprising_spots(*what))
