"""charrnn predict: predict a label, tags or a text for each line."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer
from annotated_types import Ge, Interval

from charrnn.cli.extras import find_extra
from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import (
    Columns,
    Json,
    LanguageModel,
    Output,
    Quiet,
    Replace,
    Run,
    Weight,
    exclude,
    output_path,
    run_and_file,
)
from charrnn.cli.predict_input import InputFormat, load_fitting, read_inputs
from charrnn.errors import CheckpointError, TextError, UsageError, located
from charrnn.events import Noticed
from charrnn.settings import ADVANCED, UnknownName

if TYPE_CHECKING:
    from charrnn.inference.decoding import Decoding
    from charrnn.models.predictor import Predictor
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.tasks.outputs.base import Prediction

WRITING = Shown("Writing (--task rewrite and caption)")
LABELS = Shown("Labels (--task label)")
_BLANK = {"source": "", "prediction": "", "probability": None}

Lines = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="a file of lines, or - for stdin", show_default="-"),
]


@with_flags()
def predict(
    run: Run = None,
    file: Lines = None,
    beam: Annotated[
        int, Interval(ge=1, le=1000), "beam search: follow the N likeliest texts", WRITING
    ] = 1,
    temp: Annotated[
        float,
        Interval(ge=0, le=1e6),
        "temperature: 0 writes the likeliest text, 1 draws as learned",
        WRITING,
    ] = 0.0,
    seed: Annotated[int | None, Ge(0), "the same seed draws the same texts", WRITING] = None,
    max_length: Annotated[
        int | None,
        Interval(ge=1, le=100_000),
        "characters or words of a text",
        replace(WRITING, default="3 a token, and 20; of pictures 200"),
    ] = None,
    attention: Annotated[
        bool,
        "show the attention: where each character comes from",
        replace(WRITING, extra="--attention"),
    ] = False,
    html: Annotated[
        str | None, "write a web page of the attention, too", replace(WRITING, extra="--html")
    ] = None,
    top: Annotated[
        int | None, Ge(1), "list the N likeliest labels with their probabilities", LABELS
    ] = None,
    threshold: Annotated[
        float | None,
        Interval(ge=0, le=1),
        "list the labels that are likelier than X",
        replace(LABELS, default="with --multi-label 0.5"),
    ] = None,
    unknown: Annotated[
        UnknownName | None,
        "characters that the vocabulary lacks: skip, take the nearest, or error",
        Shown(ADVANCED, "skip"),
    ] = None,
    format: Annotated[  # noqa: A002  (the flag's name)
        InputFormat | None,
        "format of FILE; with conll, tags are written so, too",
        Shown(ADVANCED, "as it shows, else lines"),
    ] = None,
    columns: Columns = None,
    language_model: LanguageModel = None,
    weight: Weight = None,
    output: Output = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict a label, tags or a text for each line of a file.

    As the run's --task says: the label of a text (label), the tags of its tokens (tag), the text
    that it becomes (rewrite), or the text of the picture that a line names (caption). A run that
    reads pictures, frames or sound takes names of such files, or one itself in place of FILE. With
    --json each prediction is an object that says more.
    """
    exclude(json=json, attention=attention)
    path = output_path(output, yes)
    if html == "-" and path is None:
        raise UsageError("stdout takes the predictions or the page", "Name a file for one of them.")
    page_path = output_path(html, yes)
    with frame(quiet=quiet, json=json, stdout="data", output=path) as command:
        from charrnn.display.stdout import stop_at_closed_pipe
        from charrnn.inference.decoding import Decoding
        from charrnn.text.tokenizers import valid_unicode

        run, file = run_and_file(run, file)
        scorer = command.load_text_model(language_model)
        decoding = Decoding(
            beam, temp, seed, max_length, top, threshold, language_model=scorer, weight=weight,
            positions=json or attention or html is not None,
        )  # fmt: skip
        file = file or "-"
        model = _model(load_fitting(command, run, file), attends=attention or html is not None)
        how = model.task.input.checked_unknown(unknown)
        page = find_extra("--html")(model.run, page_path) if html else None
        print_attention = find_extra("--attention") if attention else None

        def notice(message: str) -> None:
            command.emit(Noticed(message))

        if file == "-" and sys.stdin.isatty():
            notice("Type a text and Enter; Ctrl-D ends.")
        written_as, batches = read_inputs(model, file, format, columns, notice, searches=beam > 1)
        with stop_at_closed_pipe():  # the page is written nevertheless
            for number, prediction in _predictions(model, batches, how, decoding, notice):
                line = model.task.output.formatted(prediction, written_as) if prediction else ""
                if json:
                    record = prediction.record() if prediction else _BLANK
                    line = dumps({"line": number, **record})
                command.write(f"{valid_unicode(line)}\n")
                shows = prediction and (print_attention or page)
                if shows and prediction.symbols and not prediction.attention.size:
                    said = f"line {number} is too long to show where its symbols come from"
                    raise TextError(said, "Cut it into shorter ones.")
                if print_attention and prediction:
                    print_attention(prediction)
                if page and prediction:
                    page.add(prediction)
        if page:
            page.save()
            command.say_written(page_path)


def _model(checkpoint: "Checkpoint", *, attends: bool) -> "Predictor":
    """The model of a run that predicts, and that shows its attention if it has to."""
    from charrnn.models.predictor import Predictor

    if checkpoint.is_language_model:
        instead = "Let it write: charrnn sample"
        if checkpoint.tokenizer.whole:
            instead = "Let it go on with its series: charrnn forecast"
        raise CheckpointError(
            f"run {checkpoint.run} is a language model: it predicts what follows",
            f"{instead} {checkpoint.run}",
        )
    model = Predictor(checkpoint)
    if attends and not model.attends:
        raise UsageError(
            f"run {model.run} has no attention to show",
            "Name a run that writes texts, trained without --attention none.",
        )
    return model


def _predictions(
    model: "Predictor",
    batches: Iterable[list[tuple[int, str]]],
    unknown: UnknownName,
    decoding: "Decoding",
    notice: Callable[[str], None],
) -> Iterator[tuple[int, Any]]:
    """Predictions for inputs and their lines; None for one that is blank, which is said once."""
    has_blank, lacking = False, _Lacking(model, unknown, notice)
    model.predict([], unknown, decoding)  # says what cannot be asked of it before a line is there
    for batch in batches:
        inputs = [(number, text) for number, text in batch if text.strip()]
        lacking.count(inputs)
        predictions = _predicted(model, inputs, unknown, decoding)
        for number, text in batch:
            if not text.strip() and not has_blank:
                has_blank = True
                notice(f"Line {number} is blank: nothing is predicted for blank lines.")
            yield number, next(predictions) if text.strip() else None
        decoding = replace(decoding, skipped=decoding.skipped + len(inputs))
    if told := lacking.characters.sentences(unknown):
        notice(told)


@dataclass
class _Lacking:
    """Counts characters that a vocabulary lacks, and names the first input that has no other."""

    model: "Predictor"
    unknown: UnknownName
    notice: Callable[[str], None]

    def __post_init__(self) -> None:
        from charrnn.text.unknown import Unknown

        source = self.model.task.input
        self._loses = source.has_text and source.separator is None and self.unknown != "error"
        self._has_unread = False
        self.characters = Unknown.none()

    def count(self, inputs: Iterable[tuple[int, str]]) -> None:
        """Count those of inputs, which have their lines."""
        from charrnn.text.unknown import known_text

        for number, text in inputs if self._loses else ():
            read, lacking = known_text(text, self.model.tokenizer, self.unknown)
            self.characters.add(lacking)
            if not read.strip() and not self._has_unread:
                self._has_unread = True
                first = f"Line {number} has no character of the vocabulary"
                self.notice(f"{first}: its prediction is a guess.")


def _predicted(
    model: "Predictor",
    inputs: Sequence[tuple[int, str]],
    unknown: UnknownName,
    decoding: "Decoding",
) -> Iterator["Prediction"]:
    """Predictions for inputs. TextError names the line; the inputs before it come first."""
    try:
        yield from model.predict([text for _, text in inputs], unknown, decoding)
        return
    except TextError:
        pass  # one of them cannot be read: each alone
    for index, (number, text) in enumerate(inputs, decoding.skipped):
        is_list = model.task.input.has_text or number > 1 or len(inputs) > 1  # not one file
        with located(f"line {number}") if is_list else nullcontext():
            yield from model.predict([text], unknown, replace(decoding, skipped=index))
