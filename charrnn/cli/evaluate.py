"""charrnn eval: how well a model predicts a text, or the targets of examples."""

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer
from annotated_types import Ge, Interval

from charrnn.cli.extras import find_extra, has_extra
from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import (
    Columns,
    Device,
    Encoding,
    Json,
    LanguageModel,
    Part,
    Quiet,
    Run,
    Weight,
    exclude,
    run_and_file,
)
from charrnn.errors import UsageError
from charrnn.settings import ADVANCED, FormatName, PartName, UnknownName, flag, no_effect
from charrnn.text.source_files import shown_name

if TYPE_CHECKING:
    from charrnn.display.reports import Report
    from charrnn.evaluation.scoring import Protocol
    from charrnn.inference.decoding import Decoding
    from charrnn.storage.checkpoint import Checkpoint

Text = Annotated[
    str | None,
    typer.Argument(help="a text file, or - for stdin", show_default="the run's own corpus"),
]


class Source(NamedTuple):
    """What a run is scored on: a file, or without one a part of its corpus."""

    file: str | None
    part: PartName | None
    encoding: str | None
    unknown: UnknownName | None
    format: FormatName | None
    columns: str | None

    def check(self) -> None:
        """Raise UsageError for a flag that does not fit the file or the corpus."""
        for name in ("encoding", "unknown", "format", "columns"):
            if self.file is None and getattr(self, name):
                raise UsageError(f"{flag(name)} is for a text file", "Name one after the run.")
        if self.file is not None and self.part:
            hint = "Leave one of them out."
            raise UsageError(f"--part is a part of the corpus, not of {self.file}", hint)


@with_flags()
def evaluate(
    run: Run = None,
    text: Text = None,
    part: Part = None,
    per: Annotated[
        Literal["line", "document", "character"] | None,
        "score each line, document or character; of a task, line: list what is wrong",
        Shown(default="all of the text", extra="--per"),
    ] = None,
    context: Annotated[
        int | None, Ge(1), "score chunks of N tokens, each from a zero state"
    ] = None,
    dynamic: Annotated[bool, "dynamic evaluation: train on what has been scored"] = False,
    horizon: Annotated[
        int | None,
        Interval(ge=1, le=10**5),
        "with --tokenizer number: steps of a free forecast",
        Shown(default="a season, or 24", extra="--horizon"),
    ] = None,
    baselines: Annotated[bool, "score the compressors zlib, bz2, xz and PPMd, too"] = False,
    beam: Annotated[
        int | None,
        Interval(ge=1, le=1000),
        "with --task rewrite or caption: beam search",
        Shown(default="1"),
    ] = None,
    unknown: Annotated[
        UnknownName | None,
        "characters that the vocabulary lacks: error, skip, or take the nearest",
        Shown(ADVANCED, "error"),
    ] = None,
    encoding: Encoding = None,
    format: Annotated[  # noqa: A002  (the flag's name)
        FormatName | None, "format of the examples in the file", Shown(ADVANCED, "as in training")
    ] = None,
    columns: Columns = None,
    language_model: LanguageModel = None,
    weight: Weight = None,
    device: Device = "auto",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a model on a text, in bits per character, or on examples.

    The fewer bits, the better; examples have the scores of their task, too. A file alone is scored
    with the run trained last.
    """
    exclude(per=per, baselines=baselines)
    with frame(quiet=quiet, json=json) as command:
        run, text = run_and_file(run, text)
        source = Source(text, part, encoding, unknown, format, columns)
        source.check()
        checkpoint = command.load(run)
        if checkpoint.is_language_model:
            examples = {
                "beam": beam, "format": format, "columns": columns,
                "language_model": language_model, "weight": weight,
            }  # fmt: skip
            _refuse(checkpoint, "name a run of another task", **examples)
            from charrnn.evaluation.scoring import Protocol

            protocol = Protocol(context, dynamic)
            report = _score_text(command, checkpoint, source, protocol, per, baselines, device)
            if checkpoint.tokenizer.whole and not per and has_extra("--horizon"):
                about = source.file, source.encoding, source.part
                report = find_extra("--horizon")(report, checkpoint, about, horizon, command.emit)
            elif horizon:
                raise no_effect(
                    "horizon", f"--tokenizer {checkpoint.tokenizer.kind}", "name a run of numbers"
                )
        else:
            asked = {
                "horizon": horizon,
                "context": context,
                "dynamic": dynamic,
                "baselines": baselines,
            }
            parts = {f"per {per}": per not in (None, "line")}
            _refuse(checkpoint, "name a language model", **asked, **parts)
            from charrnn.inference.decoding import Decoding

            scorer = command.load_text_model(language_model)
            decoding = Decoding(beam or 1, language_model=scorer, weight=weight)
            report = _score_examples(command, checkpoint, source, decoding, per)
        command.show(report)


def _refuse(checkpoint: "Checkpoint", instead: str, **flags: object) -> None:
    """Raise UsageError if a flag is given that is for runs of other tasks."""
    for name, value in flags.items():
        if value not in (None, False):
            raise no_effect(name, f"--task {checkpoint.model.task}", instead)


def _score_text(
    command: Frame,
    checkpoint: "Checkpoint",
    source: Source,
    protocol: "Protocol",
    per: str | None,
    baselines: bool,
    device: str,
) -> "Report":
    """The score of the whole text, or of each of its lines, documents or characters."""
    from charrnn.display.listings import score_report
    from charrnn.evaluation.scoring import losses_of, part_of_run, score_subject, text_for_run

    file, part, encoding, unknown, *_ = source
    if file is None:
        subject = part_of_run(checkpoint, part)
    else:
        subject = text_for_run(checkpoint, file, encoding, unknown or "error", command.emit)
    if per:
        report: Report = find_extra("--per")(
            per, subject.tokens, checkpoint.tokenizer,
            lambda: losses_of(subject, command.emit, protocol, device),
        )  # fmt: skip
        return report
    scores = score_subject(subject, command.emit, protocol, device, compressors=baselines)
    return score_report(scores, every=baselines)


def _score_examples(
    command: Frame,
    checkpoint: "Checkpoint",
    source: Source,
    decoding: "Decoding",
    per: str | None,
) -> "Report":
    """The score of a run on a part of its examples or on those in a file, or which are wrong."""
    from charrnn.display.listings import examples_report
    from charrnn.models.predictor import Predictor, file_examples, part_examples

    model = Predictor(checkpoint)
    file, part, encoding, unknown, name, columns = source
    if file is None:
        examples, chosen = part_examples(model, part)
        subject: dict[str, object] = {"part": chosen}
    else:
        examples = file_examples(
            model,
            file,
            model.task.input.checked_unknown(unknown),
            command.emit,
            encoding=encoding,
            format=name,
            columns=columns,
        )
        subject = {"source": shown_name(file)}
    if per:
        numbered = "example" if file is None else "line"
        wrong: Report = find_extra("--per line")(model, examples, decoding, numbered)
        return wrong
    about = subject | {"run": checkpoint.run, "step": checkpoint.step, "unit": model.task.unit}
    score = model.score(examples.items, examples.targets, decoding, examples.names)
    return examples_report(score, about)
