"""charrnn predict: what a trained model says of each line."""

from json import dumps
from typing import Annotated

import typer

from charrnn.cli.options import Json, Quiet, Run, notices
from charrnn.cli.process import limit_threads
from charrnn.settings import ADVANCED, UnknownName

Lines = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="a file of lines, or - for stdin", show_default="-"),
]
Unknown = Annotated[
    UnknownName,
    typer.Option(
        help="characters that the vocabulary lacks: skip, take the nearest, or error",
        metavar="NAME", rich_help_panel=ADVANCED,
    ),
]  # fmt: skip


def predict(
    run: Run = None,
    file: Lines = None,
    unknown: Unknown = "skip",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Say the label of each line, in order, with a model of --task label.

    With --json also how likely each label is.
    """
    limit_threads()
    from charrnn.cli.prompts import lines_there, without_line_end
    from charrnn.display.stdout import stdout_writer
    from charrnn.inference.predict import LabelModel
    from charrnn.storage.runs import is_text, load_run
    from charrnn.text.source import open_source
    from charrnn.text.tokenizers import valid_unicode

    if run is not None and file is None and is_text(run):
        run, file = None, run
    model = LabelModel(load_run(run, notices(quiet), "label"))
    with open_source(file or "-") as source, stdout_writer() as write:
        for lines in lines_there(source):
            texts = [without_line_end(line.decode("utf-8", "surrogateescape")) for line in lines]
            for prediction in model.predict(texts, unknown):
                said = dumps(prediction.record()) if json else valid_unicode(prediction.label)
                write(f"{said}\n")
