"""The commands: each parses, calls and shows. What is heavy is imported inside."""

import signal
import sys
from dataclasses import replace
from typing import Annotated, Literal

import typer

from charrnn import __version__
from charrnn.errors import CharRNNError, UsageError, from_os
from charrnn.events import Event, Noticed
from charrnn.inspection import inspect
from charrnn.interrupts import caught, terminated
from charrnn.options import Encoding, Given, Json, Quiet, Run, with_flags
from charrnn.process import modest_threads, open_streams
from charrnn.settings import (
    ModelSettings,
    SampleSettings,
    TextSettings,
    TrainSettings,
    plain,
)
from charrnn.studies import compare, plot

_MANY, _WORTH_TORCH = 32, 3e11
"""Texts at once, and parameters times characters: for so many it pays to wait for torch to load."""

app = typer.Typer(
    help="Character-level recurrent language models: train one on any text, let it write.",
    epilog="Begin with: charrnn train shakespeare.txt, then charrnn sample --temp 0.8",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # a bug shows a plain traceback, and no tensors
)


def main() -> None:
    """The command `charrnn`. Every error that a person can mend ends here, as two lines."""
    signal.signal(signal.SIGTERM, terminated)
    open_streams()
    try:
        code = app(prog_name="charrnn", standalone_mode=False) or 0
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who is impatient now gets no traceback
        sys.exit(code)
    except SystemExit as end:  # Rich's, where nobody read the help to its end
        sys.exit(0 if isinstance(end.__context__, BrokenPipeError) else end.code)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "charrnn"
        if not (message := error.format_message()):  # the help was shown instead
            sys.exit(error.exit_code)
        if message.startswith("Invalid value"):
            what, _, why = message.partition(": ")
            message = f"{what}: {plain(why)}"
        _fail(UsageError(message, f"See {path} --help."))
    except CharRNNError as error:
        _fail(error)
    except OSError as error:
        _fail(from_os(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except MemoryError:
        _fail(CharRNNError("there is not enough memory", "Close other programs, or take less."))


def _fail(error: CharRNNError) -> None:
    from charrnn.terminal import show_error

    show_error(error)
    sys.exit(error.exit_code)


def _note(event: Event) -> None:
    from charrnn.terminal import note

    note(event)


def _version(asked: bool) -> None:
    if asked:
        print(f"charrnn {__version__}", flush=True)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Before every command."""


@app.command()
@with_flags
def prepare(
    sources: Annotated[list[str], typer.Argument(help="text files, in this order; - is stdin")],
    text: TextSettings,
    given: Given,
    name: Annotated[
        str | None, typer.Option(help="what to call it (default: as the first file)")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Turn texts into a corpus of token files that training maps into memory.

    Training does this by itself; prepare a corpus to join files, or to look at it first.
    """
    from charrnn.terminal import listen
    from charrnn.text import corpus

    with listen(quiet, json) as show:
        corpus.prepare(sources, text, name, show, divide="split" in given)


@app.command()
@with_flags
def train(
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Given,
    corpus: Annotated[
        str | None, typer.Argument(help="a text file, a prepared corpus, shakespeare or python")
    ] = None,
    run: Annotated[str | None, typer.Option(help="the run's name (default: the corpus's)")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with --run, or the run trained last")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a model on a text; Ctrl-C stops it with everything saved."""
    modest_threads()
    from charrnn.runs import check_new
    from charrnn.terminal import listen
    from charrnn.text.catalog import corpus_of

    if not corpus and not resume:
        raise UsageError(
            "there is no text to train on", "Name a file, or try: charrnn train python"
        )
    with listen(quiet, json) as show:
        try:
            if corpus and not resume:
                check_new(run)
                prepared = corpus_of(corpus, text, given, show)
            from charrnn.engine import start

            if resume:
                session = start.resumed(run, corpus, given, show)
            else:
                session = start.fresh(prepared, run, model, settings, given, show)
        except KeyboardInterrupt:
            show(Noticed("Stopped before training began: nothing is lost."))
            raise
        with caught() as stop:
            start.run(session, show, stop)
    if stop.number and not session.finished:
        raise typer.Exit(128 + stop.number)


@app.command()
@with_flags
def sample(
    settings: SampleSettings,
    run: Run = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="escape nothing that the terminal would obey")
    ] = False,
    json: Json = False,
) -> None:
    """Let a model write, to the terminal or into a pipe."""
    modest_threads()
    from numpy.random import default_rng

    from charrnn.play.player import Player
    from charrnn.play.sample import blocks, write, write_many
    from charrnn.runs import load_run
    from charrnn.stdout import writing

    found = load_run(run, _note)
    if settings.prime == "-":
        prime = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        settings = replace(settings, prime=prime)
    with writing(raw=raw) as out:
        if settings.count == 1 and not json:
            for piece in write(Player(found.model, found.weights), found.tokenizer, settings):
                out(piece)
            return
        work = settings.count * settings.length * found.parameters
        if settings.count >= _MANY and work > _WORTH_TORCH:
            from charrnn.engine import crowd

            drawn = crowd.blocks(found.model, found.weights, found.tokenizer, settings)
        else:
            player = Player(found.model, found.weights)
            chance = default_rng(settings.seed).random
            drawn = blocks(player, found.tokenizer, settings, settings.count, chance)
        from charrnn.terminal import aside

        with aside() as show:
            for text in write_many(found.tokenizer, settings, drawn, show):
                out(text.line(json))


@app.command("eval")
def eval_(
    run: Run = None,
    text: Annotated[
        str | None, typer.Argument(help="score this file, or - for stdin, instead of the corpus")
    ] = None,
    part: Annotated[
        Literal["train", "valid", "test"] | None,
        typer.Option(help="part of the run's corpus (default: test, or valid where there is none)"),
    ] = None,
    windows: Annotated[
        int | None,
        typer.Option(min=1, help="score windows of this many tokens, each from a cold start"),
    ] = None,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="let the model go on learning from what it has read")
    ] = False,
    encoding: Encoding = "utf-8",
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="auto is cuda, else cpu")
    ] = "auto",
    json: Json = False,
) -> None:
    """Say how well a model predicts a text, in bits per character and per byte."""
    modest_threads()
    from charrnn.engine.score import score
    from charrnn.runs import names_a_text
    from charrnn.terminal import listen, show_scores

    if run is not None and text is None and names_a_text(run):
        run, text = None, run
    with listen(quiet=json, as_json=False) as show:
        scores = score(run, text, part, windows, dynamic, encoding, device, show)
    show_scores(scores, json)


for _command in (compare, plot, inspect):
    app.command()(_command)
