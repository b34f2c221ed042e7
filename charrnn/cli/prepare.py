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
from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed
from charrnn.settings import (
    ModelSettings,
    Request,
    TaskName,
    TextSettings,
    TrainSettings,
    check_effective,
    no_effect,
)


@with_flags("tokenizer", "split")
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(help="texts, in this order: files, folders, patterns; - is stdin"),
    ],
    text: TextSettings,
    task: Annotated[TaskName, "the task that will be trained on it"] = ModelSettings.task,
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

    charrnn train prepares a single text itself. Prepare a corpus to join several, or to see what is
    in a file of examples: with --task.
    """
    for option, value in {"name": name, "vocabulary": vocabulary, "jobs": jobs > 1}.items():
        if value and task != ModelSettings.task:
            raise no_effect(option, f"--task {task}", "prepare a text")
    for setting in ("tokenizer", "vocab_size", "min_count"):
        exclude(vocabulary=vocabulary, **{setting: setting in text.typed})
    with frame(quiet=quiet, json=json, stdout="events") as command:
        check_effective(text, ModelSettings(task=task), folder=any(map(os.path.isdir, sources)))
        if task != ModelSettings.task:
            _prepare_examples(sources, task, text, command.emit)
            return
        from charrnn.text.preparation import prepare as prepare_corpus

        tokenizer = command.load_language_model(vocabulary).tokenizer if vocabulary else None
        split = "split" in text.given
        corpus = prepare_corpus(sources, text, name, command.emit, split, tokenizer, jobs)
        if has_extra("prepare") and not (quiet or json):
            command.emit(Noticed(find_extra("prepare")(corpus)))


def _prepare_examples(sources: list[str], task: TaskName, text: TextSettings, emit: Emit) -> None:
    """Prepare the examples of one source, as `train` would. UsageError for several."""
    from charrnn.training.sources import find_sources

    if len(sources) > 1:
        raise UsageError(
            "examples come from one file or folder", "Name other parts with --valid and --test."
        )
    model, train = ModelSettings(task=task), TrainSettings()
    find_sources(Request(sources[0], model, train, text), emit)
