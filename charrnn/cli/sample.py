"""charrnn sample: text from a trained model."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charrnn.cli.flags import with_flags
from charrnn.cli.options import Json, Quiet, Run, exclude
from charrnn.cli.process import limit_threads
from charrnn.events import Event, Noticed
from charrnn.settings import ADVANCED, SampleSettings

if TYPE_CHECKING:
    from charrnn.inference.sampled_text import SampledText
    from charrnn.storage.checkpoint import Checkpoint

_TEXTS, _WORK = 32, 3e11
"""Texts, and parameters times characters, from which torch is faster although it loads slowly."""


Raw = Annotated[
    bool,
    typer.Option(
        "--raw", help="do not escape control characters on a terminal", rich_help_panel=ADVANCED
    ),
]
Backend = Annotated[
    Literal["numpy", "torch"],
    typer.Option(
        help="what computes many texts; torch draws other texts from the same seed",
        metavar="numpy|torch", rich_help_panel=ADVANCED,
    ),
]  # fmt: skip


@with_flags("length", "temp", "prompt", "seed", "count", "stop", "top_k", "top_p", "min_p")
def sample(
    settings: SampleSettings,
    run: Run = None,
    quiet: Quiet = False,
    json: Json = False,
    raw: Raw = False,
    backend: Backend = "numpy",
) -> None:
    """Generate text with a trained model."""
    exclude(raw=raw, json=json)
    limit_threads()
    from charrnn.display.stdout import stdout_writer
    from charrnn.inference.network import Network
    from charrnn.inference.sampling import sample as sample_text
    from charrnn.storage.runs import load_run

    checkpoint = load_run(run, _ignore if quiet else _show)
    if settings.prompt == "-":
        prompt = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        settings = replace(settings, prompt=prompt)
    with stdout_writer(raw=raw) as write:
        if settings.count == 1 and backend == "numpy" and not json:
            network = Network(checkpoint.model, checkpoint.weights)
            for piece in sample_text(network, checkpoint.tokenizer, settings):
                write(piece)
        else:
            for text in _many(checkpoint, settings, backend, quiet):
                write(text.line(json))


def _many(
    checkpoint: "Checkpoint", settings: SampleSettings, backend: str, quiet: bool
) -> Iterator["SampledText"]:
    from charrnn.display.log import listen_beside_output
    from charrnn.inference.network import Network
    from charrnn.inference.sampling import sample_many

    work = settings.count * settings.length * checkpoint.parameters
    if backend == "torch":
        from charrnn.network.batch_sampling import sample_many
    elif settings.count >= _TEXTS and work > _WORK and not quiet:
        _show(Noticed("--backend torch would be faster; it draws other texts from the same seed."))
    network = Network(checkpoint.model, checkpoint.weights)
    with listen_beside_output() as emit:
        shown = _ignore if quiet else emit
        yield from sample_many(network, checkpoint.tokenizer, settings, shown)


def _ignore(event: Event) -> None:
    """Show nothing."""


def _show(event: Event) -> None:
    from charrnn.display.log import show_event  # loads Rich, which sampling does not need

    show_event(event)
