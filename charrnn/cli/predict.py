"""charrnn predict: what a trained model says of each line."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Run, exclude, run_and_file
from charrnn.errors import CheckpointError, TextError
from charrnn.settings import ADVANCED, UnknownName

if TYPE_CHECKING:
    from charrnn.models import Predictor
    from charrnn.tasks.outputs.base import Prediction
    from charrnn.tasks.outputs.decoding import Decoding

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
    with frame(quiet=quiet, json=json, stdout="data") as command:
        from charrnn.display.attention import AttentionPage, attention_map, check_attention
        from charrnn.display.stdout import stop_at_closed_pipe
        from charrnn.models import Predictor
        from charrnn.tasks import predicts_targets
        from charrnn.tasks.outputs.decoding import Decoding
        from charrnn.text.tokenizers import valid_unicode

        run, file = run_and_file(run, file)
        decoding = Decoding(beam, temp, seed, max_length)
        checkpoint = command.load(run)
        if not predicts_targets(checkpoint.model):
            raise CheckpointError(
                f"run {checkpoint.run} is a language model: it predicts what follows a text",
                f"Let it write: charrnn sample {checkpoint.run}",
            )
        model = Predictor(checkpoint)
        if attention or page:
            check_attention(checkpoint)
        web_page = AttentionPage(checkpoint.run, page, file) if page else None
        with stop_at_closed_pipe():  # the page is written nevertheless
            for prediction in _predictions(model, file or "-", unknown, decoding):
                line = dumps(prediction.record()) if json else valid_unicode(prediction.line)
                command.write(f"{line}\n{attention_map(prediction) if attention else ''}")
                if web_page:
                    web_page.add(prediction)
        if web_page:
            web_page.save()
            command.say(f"Written: {page}")


def _predictions(
    model: "Predictor", file: str, unknown: UnknownName, decoding: "Decoding"
) -> Iterator[Any]:
    """What is predicted of each line of a file, as lines come."""
    from charrnn.cli.prompts import lines_there, without_line_end
    from charrnn.text.source_files import MARK, open_source

    model.predict([], unknown, decoding)  # says what cannot be asked of it before a line is there
    with open_source(file) as source:
        for lines in lines_there(source):
            texts = [without_line_end(line.decode("utf-8", "surrogateescape")) for line in lines]
            if not decoding.skipped:
                texts[0] = texts[0].removeprefix(MARK)
            yield from _predicted(model, texts, unknown, decoding)
            decoding = replace(decoding, skipped=decoding.skipped + len(texts))


def _predicted(
    model: "Predictor", texts: Sequence[str], unknown: UnknownName, decoding: "Decoding"
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
