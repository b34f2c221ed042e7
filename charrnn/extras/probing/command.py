"""charrnn probe: what the units and gates of a network do while it reads a text."""

from dataclasses import replace
from os.path import exists
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import (
    Encoding,
    Json,
    Quiet,
    Replace,
    Run,
    TextFlag,
    exclude,
    output_path,
    run_and_file,
)
from charrnn.display.stdout import write_bytes
from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed
from charrnn.text.source_files import shown_name

if TYPE_CHECKING:
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.text.tokenizers import Ids

_MOST, _MOST_STEPS, _MOST_PICTURED = 100_000, 20, 2_000

Text = Annotated[str | None, typer.Argument(metavar="TEXT", help="a text file, or - for stdin")]
UnitName = Annotated[
    str | None, typer.Option(metavar="NAME", help="colour by a unit: 1.c17 is layer 1, state c")
]
GateName = Annotated[
    str | None, typer.Option(metavar="NAME", help="colour by the mean of a gate: 1.forget")
]
Page = Annotated[
    str | None,
    typer.Option(
        "--html",
        "--output",
        "-o",
        metavar="FILE",
        help="write a web page instead, or a picture: .svg; - is stdout",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        min=1, max=10**9, metavar="N", help="number of tokens to read at most",
        show_default=f"{_MOST}; with --steps {_MOST_STEPS}, in a picture {_MOST_PICTURED}",
    ),
]  # fmt: skip
Steps = Annotated[
    bool,
    typer.Option(
        "--steps",
        help="show gates, states and logits step by step; a TEXT that is no file is read itself",
    ),
]


def probe(
    run: Run = None,
    text: Text = None,
    text_file: TextFlag = None,
    unit: UnitName = None,
    gate: GateName = None,
    page: Page = None,
    steps: Steps = False,
    limit: Limit = None,
    encoding: Encoding = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Colour a text by what the network computes at each character.

    Shows how surprising each character was, or what a unit or gate did; then which units follow
    which property of the text, and how often the gates are open or shut. With --steps, what every
    unit and gate of every layer computes at each character.
    """
    exclude(html=page, json=json)
    exclude(steps=steps, unit=unit)
    exclude(steps=steps, gate=gate)
    ending = Path(page or "").suffix.lower()
    if ending in (".png", ".pdf"):
        raise UsageError(f"probe writes no {ending}", "Take a name that ends in .svg or .html.")
    pictured = ending == ".svg"
    if page is None or pictured:
        exclude(unit=unit, gate=gate)
    if pictured and steps:
        raise UsageError("--steps are no picture", "Write a page: --html steps.html.")
    run, source = run_and_file(run, text, text_file)
    if source is None:
        from charrnn.storage.runs import find

        name = find(run).parent.name  # CheckpointError if what is named is neither
        raise UsageError(f"which text shall run {name} read?", f"charrnn probe {name} FILE")
    path = output_path(page, yes)
    with frame(quiet=quiet, json=json, stdout="report" if page else "data") as command:
        from charrnn.display.reports import show
        from charrnn.extras.probing.colorings import SURPRISE, parse_gate, parse_unit
        from charrnn.extras.probing.findings import reading_of
        from charrnn.extras.probing.show import page_of, picture_of, show_heatmap
        from charrnn.extras.probing.steps import steps_of, steps_page, steps_report
        from charrnn.inference.activations import Activations

        checkpoint = command.load_language_model(run)
        chosen = [] if unit is None else [parse_unit(unit, checkpoint.model)]
        if gate is not None:
            chosen.append(parse_gate(gate, checkpoint.model))
        most = limit or (_MOST_STEPS if steps else _MOST_PICTURED if pictured else _MOST)
        ids = _tokens(checkpoint, source, encoding or "utf-8", most, command.emit, itself=steps)
        reading = reading_of(checkpoint, ids, command.emit)
        title = f"{checkpoint.run} reads {Path(shown_name(source)).name}"
        if steps:
            read = steps_of(Activations.joined(reading.pieces()), checkpoint.tokenizer.names)
        coloring = [SURPRISE, *chosen][-1]
        if page:
            if pictured:
                content = picture_of(title, reading, coloring)
            else:
                content = steps_page(title, read) if steps else page_of(title, reading, chosen)
            write_bytes(content.encode("utf-8", "replace"), path)
            command.say_written(path)
        elif steps:
            show(steps_report(read), json)
        else:
            show_heatmap(reading, coloring, json)


def _tokens(
    checkpoint: "Checkpoint", source: str, encoding: str, limit: int, emit: Emit, *, itself: bool
) -> "Ids":
    """The first `limit` tokens of the text in a file, or of the `source` itself where none is."""
    from charrnn.text.encoding import read_tokens

    if itself and source != "-" and not exists(source):
        ids = checkpoint.tokenizer.encode(source)
    else:
        settings = replace(checkpoint.text, encoding=encoding)
        ids, _ = read_tokens(source, checkpoint.tokenizer, settings, emit)
    if len(ids) > limit:
        why = "each is a step of the network, and they cannot be computed side by side"
        emit(Noticed(f"Reading {limit:,} of {len(ids):,} tokens: {why}. --limit N reads more."))
    return ids[:limit]
