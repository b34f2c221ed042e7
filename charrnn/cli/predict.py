"""charrnn predict: what a trained model says of each line."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.options import Json, Quiet, Run, exclude, notices
from charrnn.cli.process import limit_threads
from charrnn.errors import CheckpointError, TextError
from charrnn.events import Noticed
from charrnn.settings import ADVANCED, UnknownName

if TYPE_CHECKING:
    from charrnn.display.attention_page import AttentionPage
    from charrnn.inference.task_model import Decoding, Prediction, TaskModel

WRITING = "Writing (--task rewrite and caption)"

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
Beam = Annotated[
    int,
    typer.Option(
        min=1, max=1000, metavar="N", rich_help_panel=WRITING,
        help="beam search: follow the N likeliest texts",
    ),
]  # fmt: skip
Temp = Annotated[
    float,
    typer.Option(
        min=0, max=1e6, metavar="T", rich_help_panel=WRITING,
        help="temperature: 0 writes the likeliest text, 1 draws as learned",
    ),
]  # fmt: skip
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, metavar="N", rich_help_panel=WRITING, help="the same seed draws the same texts"
    ),
]  # fmt: skip
MaxLength = Annotated[
    int | None,
    typer.Option(
        min=1, max=100_000, metavar="N", rich_help_panel=WRITING,
        help="characters or words of a text", show_default="3 a token, and 20; of pictures 200",
    ),
]  # fmt: skip
Attention = Annotated[
    bool,
    typer.Option(
        "--attention", rich_help_panel=WRITING, help="show where each character comes from"
    ),
]  # fmt: skip
Page = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", rich_help_panel=WRITING,
        help="also write a web page that shows where each character comes from",
    ),
]  # fmt: skip


def predict(
    run: Run = None,
    file: Lines = None,
    beam: Beam = 1,
    temp: Temp = 0.0,
    seed: Seed = None,
    max_length: MaxLength = None,
    attention: Attention = False,
    page: Page = None,
    unknown: Unknown = "skip",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Predict something of each line, in order, with a model of another --task than text.

    The label of a text, the tags of its tokens, the text that it becomes, or the text of the
    picture that a line names. With --json as objects that say more.
    """
    exclude(json=json, attention=attention)
    limit_threads()
    from charrnn.display.attention import check_attention
    from charrnn.display.attention_page import AttentionPage
    from charrnn.display.log import show_event
    from charrnn.inference.models import MODELS
    from charrnn.inference.task_model import Decoding
    from charrnn.storage.runs import is_text, load_run

    if run is not None and file is None and is_text(run):
        run, file = None, run
    decoding = Decoding(beam, temp, seed, max_length)
    checkpoint = load_run(run, notices(quiet), None)
    if checkpoint.model.task not in MODELS:
        raise CheckpointError(
            f"run {checkpoint.run} is a language model: it predicts what follows a text",
            f"Let it write: charrnn sample {checkpoint.run}",
        )
    model = MODELS[checkpoint.model.task](checkpoint)
    web_page = AttentionPage(checkpoint, page, file) if page else None
    if attention:
        check_attention(checkpoint)
    _write(model, file or "-", unknown, decoding, web_page, attention=attention, json=json)
    if web_page:
        web_page.save()
        if not quiet:
            show_event(Noticed(f"Written: {page}"))


def _write(
    model: "TaskModel",
    file: str,
    unknown: UnknownName,
    decoding: "Decoding",
    page: "AttentionPage | None",
    *,
    attention: bool,
    json: bool,
) -> None:
    """Write what is predicted of each line of a file, as lines come."""
    from charrnn.cli.prompts import lines_there, without_line_end
    from charrnn.display.attention import attention_map
    from charrnn.display.stdout import stdout_writer
    from charrnn.tasks.outputs.sequence import TextPrediction
    from charrnn.text.source_files import MARK, open_source
    from charrnn.text.tokenizers import valid_unicode

    model.predict([], unknown, decoding)  # says what cannot be asked of it before a line is there
    with open_source(file) as source, stdout_writer() as write:
        for lines in lines_there(source):
            texts = [without_line_end(line.decode("utf-8", "surrogateescape")) for line in lines]
            if not decoding.skipped:
                texts[0] = texts[0].removeprefix(MARK)
            for prediction in _predicted(model, texts, unknown, decoding):
                said = dumps(prediction.record()) if json else valid_unicode(prediction.line)
                write(f"{said}\n")
                if isinstance(prediction, TextPrediction):
                    write(attention_map(prediction) if attention else "")
                    if page:
                        page.add(prediction)
            decoding = replace(decoding, skipped=decoding.skipped + len(texts))


def _predicted(
    model: "TaskModel", texts: Sequence[str], unknown: UnknownName, decoding: "Decoding"
) -> Iterator["Prediction"]:
    """What is predicted of each text. TextError names the line, after those before it."""
    try:
        yield from model.predict(texts, unknown, decoding)
        return
    except TextError:
        pass  # one of them cannot be read: each alone
    for number, text in enumerate(texts, decoding.skipped):
        try:
            yield from model.predict([text], unknown, replace(decoding, skipped=number))
        except TextError as error:
            raise TextError(f"line {number + 1}: {error.message}", error.hint) from None
