"""charrnn prepare: texts become a corpus."""

from typing import Annotated

import typer

from charrnn.cli.flags import Given, with_flags
from charrnn.cli.options import Json, Quiet
from charrnn.settings import TextSettings


@with_flags("tokenizer", "split")
def prepare(
    sources: Annotated[list[str], typer.Argument(help="text files, in this order; - is stdin")],
    text: TextSettings,
    given: Given,
    name: Annotated[
        str | None,
        typer.Option(help="name of the corpus", show_default="as the first file", metavar="NAME"),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Turn text files into one corpus of tokens.

    charrnn train prepares a single file by itself. Prepare a corpus to join several files.
    """
    from charrnn.display.log import listen
    from charrnn.text.preparation import prepare as prepare_corpus

    with listen(quiet, json) as emit:
        prepare_corpus(sources, text, name, emit, update_split="split" in given)
