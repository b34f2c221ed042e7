"""charrnn probe: what the units and gates of a network do while it reads a text."""

from dataclasses import replace
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
from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.text.source_files import shown_name

if TYPE_CHECKING:
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.text.tokenizers import Ids

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
        "--html", "--output", "-o", metavar="FILE", help="write a web page instead; - is stdout"
    ),
]
Limit = Annotated[
    int, typer.Option(min=1, max=10**9, metavar="N", help="number of tokens to read at most")
]


def probe(
    run: Run = None,
    text: Text = None,
    text_file: TextFlag = None,
    unit: UnitName = None,
    gate: GateName = None,
    page: Page = None,
    limit: Limit = 100_000,
    encoding: Encoding = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Colour a text by what the network computes at each character.

    Shows how surprising each character was, or what a unit or gate did; then which units follow
    which property of the text, and how often the gates are open or shut.
    """
    exclude(html=page, json=json)
    if page is None:
        exclude(unit=unit, gate=gate)
    run, source = run_and_file(run, text, text_file)
    if source is None:
        from charrnn.storage.runs import find

        name = find(run).parent.name  # CheckpointError if what is named is neither
        raise UsageError(f"which text shall run {name} read?", f"charrnn probe {name} FILE")
    path = output_path(page, yes)
    with frame(quiet=quiet, json=json, stdout="report" if page else "data") as command:
        from charrnn.extras.probing.colorings import SURPRISE, parse_gate, parse_unit
        from charrnn.extras.probing.findings import reading_of
        from charrnn.extras.probing.show import page_of, show_heatmap

        checkpoint = command.load_language_model(run)
        chosen = [] if unit is None else [parse_unit(unit, checkpoint.model)]
        if gate is not None:
            chosen.append(parse_gate(gate, checkpoint.model))
        ids = _tokens(checkpoint, source, encoding or "utf-8", limit, command.emit)
        reading = reading_of(checkpoint, ids, command.emit)
        if page is None:
            show_heatmap(reading, [SURPRISE, *chosen][-1], json)
        else:
            title = f"{checkpoint.run} reads {Path(shown_name(source)).name}"
            write_bytes(page_of(title, reading, chosen).encode("utf-8", "replace"), path)
            command.emit(Noticed(f"Written: {path or 'stdout'}"))


def _tokens(checkpoint: "Checkpoint", source: str, encoding: str, limit: int, emit: Emit) -> "Ids":
    """The first `limit` tokens of the text. TextError if it is empty."""
    from charrnn.text.encoding import read_tokens

    settings = replace(checkpoint.text, encoding=encoding)
    ids, _ = read_tokens(source, checkpoint.tokenizer, settings, emit)
    if not len(ids):
        raise TextError("the text is empty", "Take a longer one.")
    if len(ids) > limit:
        why = "each is a step of the network, and they cannot be computed side by side"
        emit(Noticed(f"Reading {limit:,} of {len(ids):,} tokens: {why}. --limit N reads more."))
    return ids[:limit]
