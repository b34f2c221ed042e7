"""charrnn prepare: turn texts into a corpus."""

import os
from typing import Annotated

import typer
from annotated_types import Ge

from charrnn.cli.completion import run_names
from charrnn.cli.extras import find_extra, has_extra
from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, exclude
from charrnn.events import Noticed
from charrnn.settings import ModelSettings, TextSettings, check_effective


@with_flags("tokenizer", "split")
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(help="texts, in this order: files, folders, patterns; - is stdin"),
    ],
    text: TextSettings,
    name: Annotated[str | None, "name of the corpus", Shown(default="as the first file")] = None,
    vocabulary: Annotated[
        str | None,
        typer.Option(
            help="use the tokenizer of this run instead of a new one",
            metavar="RUN",
            autocompletion=run_names,
        ),
    ] = None,
    jobs: Annotated[int, Ge(1), "processes that tokenize"] = 1,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Turn texts into one corpus of tokens.

    charrnn train prepares a single text itself. Prepare a corpus to join several.
    """
    for setting in ("tokenizer", "vocab_size", "min_count"):
        exclude(vocabulary=vocabulary, **{setting: setting in text.typed})
    with frame(quiet=quiet, json=json, stdout="events") as command:
        from charrnn.text.preparation import prepare as prepare_corpus

        tokenizer = command.load_language_model(vocabulary).tokenizer if vocabulary else None
        check_effective(text, ModelSettings(), folder=any(map(os.path.isdir, sources)))
        split = "split" in text.given
        corpus = prepare_corpus(sources, text, name, command.emit, split, tokenizer, jobs)
        if has_extra("prepare") and not (quiet or json):
            command.emit(Noticed(find_extra("prepare")(corpus)))
