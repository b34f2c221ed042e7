"""charrnn predict: predict a label, tags or a text for each line."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from annotated_types import Ge, Interval

from charrnn.cli.extras import find_extra
from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Run, exclude, run_and_file
from charrnn.errors import CheckpointError, TextError, UsageError, located
from charrnn.settings import ADVANCED, UnknownName

if TYPE_CHECKING:
    from charrnn.inference.search import Decoding
    from charrnn.models import Predictor
    from charrnn.tasks.outputs.base import Prediction

WRITING = Shown("Writing (--task rewrite and caption)")
LABELS = Shown("Labels (--task label)")

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
        Path | None, "write a web page of the attention, too", replace(WRITING, extra="--html")
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
        UnknownName,
        "characters that the vocabulary lacks: skip, take the nearest, or error",
        ADVANCED,
    ] = "skip",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict a label, tags or a text for each line of a file.

    As the run's --task says: the label of a text (label), the tags of its tokens (tag), the text
    that it becomes (rewrite), or the text of the picture that a line names (caption). With --json
    each prediction is an object that says more.
    """
    exclude(json=json, attention=attention)
    with frame(quiet=quiet, json=json, stdout="data") as command:
        from charrnn.display.stdout import stop_at_closed_pipe
        from charrnn.inference.search import Decoding
        from charrnn.models import Predictor
        from charrnn.text.tokenizers import valid_unicode

        run, file = run_and_file(run, file)
        decoding = Decoding(beam, temp, seed, max_length, top=top, threshold=threshold)
        checkpoint = command.load(run)
        if checkpoint.is_language_model:
            raise CheckpointError(
                f"run {checkpoint.run} is a language model: it predicts what follows a text",
                f"Let it write: charrnn sample {checkpoint.run}",
            )
        model = Predictor(checkpoint)
        if (attention or html) and not model.attends:
            raise UsageError(
                f"run {model.run} has no attention to show",
                "Name a run that writes texts, trained without --attention none.",
            )
        page = find_extra("--html")(model.run, html, file) if html else None
        attention_map = find_extra("--attention") if attention else lambda _: ""
        with stop_at_closed_pipe():  # the page is written nevertheless
            predictions = _predictions(model, file or "-", unknown, decoding)
            for number, prediction in enumerate(predictions, 1):
                record = {"line": number, **prediction.record()} if json else {}
                line = dumps(record) if json else valid_unicode(prediction.line)
                command.write(f"{line}\n{attention_map(prediction)}")
                if page:
                    page.add(prediction)
        if page:
            page.save()
            command.say(f"Written: {html}")


def _predictions(
    model: "Predictor", file: str, unknown: UnknownName, decoding: "Decoding"
) -> Iterator[Any]:
    """Predictions for the lines of a file, as lines come."""
    from charrnn.cli.prompts import read_lines

    model.predict([], unknown, decoding)  # says what cannot be asked of it before a line is there
    for texts in read_lines(file):
        yield from _predicted(model, texts, unknown, decoding)
        decoding = replace(decoding, skipped=decoding.skipped + len(texts))


def _predicted(
    model: "Predictor", texts: Sequence[str], unknown: UnknownName, decoding: "Decoding"
) -> Iterator["Prediction"]:
    """Predictions for texts. TextError names the line; the lines before it come first."""
    try:
        yield from model.predict(texts, unknown, decoding)
        return
    except TextError:
        pass  # one of them cannot be read: each alone
    for number, text in enumerate(texts, decoding.skipped):
        with located(f"line {number + 1}"):
            yield from model.predict([text], unknown, replace(decoding, skipped=number))
