"""charrnn probe: what the units and gates of a network do while it reads a text."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.completion import run_names
from charrnn.cli.options import Encoding, Json, Quiet, exclude
from charrnn.cli.process import limit_threads
from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed, Progress
from charrnn.files import checkpoints

if TYPE_CHECKING:
    from charrnn.display.coloring import Coloring
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.text.tokenizers import Ids

RunOrText = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="a run; with a single word, that is the text, for the run trained last",
        autocompletion=run_names,
    ),
]  # fmt: skip
Text = Annotated[str | None, typer.Argument(metavar="TEXT", help="a text file, or - for stdin")]
UnitName = Annotated[
    str | None, typer.Option(metavar="NAME", help="colour by a unit: 1.c17 is layer 1, state c")
]
GateName = Annotated[
    str | None, typer.Option(metavar="NAME", help="colour by the mean of a gate: 1.forget")
]
Page = Annotated[
    Path | None, typer.Option("--html", "-o", metavar="FILE", help="write a web page instead")
]
Limit = Annotated[
    int, typer.Option(min=1, max=10**9, metavar="N", help="number of tokens to read at most")
]


def probe(
    run: RunOrText,
    text: Text = None,
    unit: UnitName = None,
    gate: GateName = None,
    page: Page = None,
    limit: Limit = 100_000,
    encoding: Encoding = None,
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
    elif not page.name:
        raise UsageError("--html needs the name of a file", "Such as --html probe.html")
    limit_threads()
    from charrnn.display.log import listen, listen_beside_output, show_event
    from charrnn.storage.runs import load_run

    if text is None and (checkpoints() / run).is_dir():
        raise UsageError(f"{run} is a run: which text shall it read?", f"charrnn probe {run} FILE")
    source, name = (run, None) if text is None else (text, run)
    notify: Emit = (lambda _: None) if quiet else show_event
    checkpoint = load_run(name, notify)
    colorings = _colorings(checkpoint, unit, gate)
    ids = _read(checkpoint, source, encoding or "utf-8", limit, notify)
    if page is None:
        with listen_beside_output() as emit:
            _show(checkpoint, ids, colorings, json, notify if quiet else emit)
    else:
        title = f"{checkpoint.run} reads {'stdin' if source == '-' else Path(source).name}"
        with listen(quiet, as_json=False) as emit:
            _write(checkpoint, ids, colorings, page, title, emit)


def _colorings(checkpoint: "Checkpoint", unit: str | None, gate: str | None) -> "list[Coloring]":
    from charrnn.display.coloring import gate_coloring, unit_coloring

    found: list[Coloring] = [] if unit is None else [unit_coloring(unit, checkpoint.model)]
    return found if gate is None else [*found, gate_coloring(gate, checkpoint.model)]


def _read(checkpoint: "Checkpoint", source: str, encoding: str, limit: int, emit: Emit) -> "Ids":
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


def _show(
    checkpoint: "Checkpoint", ids: "Ids", chosen: "list[Coloring]", json: bool, emit: Emit
) -> None:
    from charrnn.display.coloring import Surprise
    from charrnn.display.heatmap import show_heatmap
    from charrnn.inference.activations import read_text
    from charrnn.inference.network import Network
    from charrnn.inference.probes import Findings

    network = Network(checkpoint.model, checkpoint.weights)
    findings = Findings(_decoded(checkpoint, ids))
    reads = read_text(network, checkpoint.tokenizer, ids)
    show_heatmap(reads, [*chosen, Surprise()][0], findings, json, len(ids), emit)


def _write(
    checkpoint: "Checkpoint",
    ids: "Ids",
    chosen: "list[Coloring]",
    page: Path,
    title: str,
    emit: Emit,
) -> None:
    from charrnn.display.report import MAX_TOKENS, report_colorings, report_page
    from charrnn.files import atomic_write
    from charrnn.inference.activations import read_text
    from charrnn.inference.network import Network
    from charrnn.inference.probes import Findings

    network = Network(checkpoint.model, checkpoint.weights)
    findings = Findings(_decoded(checkpoint, ids))
    for read in read_text(network, checkpoint.tokenizer, ids):
        findings.add(read)
        emit(Progress("reading the text", findings.tokens, len(ids)))
    again = read_text(network, checkpoint.tokenizer, ids[:MAX_TOKENS])
    written = report_page(title, again, report_colorings(findings, chosen), findings)
    with atomic_write(page) as file:
        file.write(written.encode("utf-8", "replace"))
    emit(Noticed(f"Written: {page}"))


def _decoded(checkpoint: "Checkpoint", ids: "Ids") -> str:
    from charrnn.text.tokenizers import valid_unicode

    decode = checkpoint.tokenizer.decoder()
    return valid_unicode("".join(decode(int(token)) for token in ids))
