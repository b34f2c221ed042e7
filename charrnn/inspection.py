"""The command that looks inside: inspect."""

from pathlib import Path
from typing import Annotated

import typer

from charrnn.errors import TextError, UsageError
from charrnn.events import Noticed, Progress
from charrnn.files import whole
from charrnn.options import Encoding, Json, Run
from charrnn.process import modest_threads
from charrnn.settings import CellName, ModelSettings


def inspect(
    run: Run = None,
    text: Annotated[
        str | None, typer.Option(help="look inside while it reads this file, or - for stdin")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="colour by a unit, such as 1.c17: layer 1, state c")
    ] = None,
    gate: Annotated[str | None, typer.Option(help="colour by a gate's mean: 1.forget")] = None,
    page: Annotated[
        Path | None, typer.Option("--html", help="write it as one web page, in place of here")
    ] = None,
    gradients: Annotated[
        bool, typer.Option("--gradients", help="how far back the loss depends on the state")
    ] = False,
    cell: Annotated[
        CellName | None, typer.Option(help="for --gradients: an untrained network of this cell")
    ] = None,
    gain: Annotated[
        float | None,
        typer.Option(min=0, max=1e6, help="its recurrent weights' variance, times its width"),
    ] = None,
    width: Annotated[
        int | None, typer.Option(min=1, max=4096, help="its units per layer (default: 256)")
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, max=64, help="its layers (default: 1)")
    ] = None,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """What a run is; with a text, what its units and gates do; how far back it learns from."""
    modest_threads()
    seen = {"--unit": unit, "--gate": gate, "--html": page}
    drawn = {"--gain": gain, "--width": width, "--layers": layers}
    for names, needed in ((seen, text and not gradients), (drawn, cell and gradients)):
        for name in [name for name, value in names.items() if value is not None and not needed]:
            what = "--text" if names is seen else "--gradients of a --cell"
            raise UsageError(f"{name} is for {what}", "See charrnn inspect --help.")
    if cell and not gradients:
        raise UsageError("--cell is for --gradients", "Add it, or leave --cell out.")
    if page is not None and not page.name:
        raise UsageError("--html takes the name of a file", "Such as --html inside.html")
    if page and json:
        raise UsageError("--html writes no --json", "Leave one of them out.")
    if unit and gate and not page:
        raise UsageError("a text has one colour at a time", "Choose between --unit and --gate.")
    if gradients:
        _show_gradients(run, text, cell, gain, (width or 256, layers or 1), encoding, json)
    elif text:
        _show_inside(run, text, unit, gate, page, encoding, json)
    else:
        from charrnn.runs import curves, load_run
        from charrnn.store import about
        from charrnn.tables import show_run
        from charrnn.terminal import note

        show_run(about(load_run(run, note)), curves(run), json)


def _show_gradients(
    run: str | None,
    text: str | None,
    cell: CellName | None,
    gain: float | None,
    sizes: tuple[int, int],
    encoding: str,
    json: bool,
) -> None:
    if cell and run:
        raise UsageError(f"--cell is an untrained network, and {run} a run", "Leave one out.")
    if cell and not text:
        raise UsageError("an untrained network has no text of its own", "Name one with --text.")
    from charrnn.engine.gradients import of_run, of_untrained
    from charrnn.tables import show_reach
    from charrnn.terminal import listen

    with listen(quiet=json, as_json=False) as show:
        if cell and text:
            model = ModelSettings(cell=cell, width=sizes[0], layers=sizes[1])
            found = of_untrained(model, gain, text, encoding, show)
        else:
            found = of_run(run, text, encoding, show)
    show_reach(*found, json)


def _show_inside(
    run: str | None,
    text: str,
    unit: str | None,
    gate: str | None,
    page: Path | None,
    encoding: str,
    json: bool,
) -> None:
    from charrnn.play import view
    from charrnn.play.player import Player
    from charrnn.play.reading import reading
    from charrnn.play.units import Findings
    from charrnn.runs import load_run
    from charrnn.terminal import listen, note
    from charrnn.text.source import tokens_of
    from charrnn.text.tokenizers import valid

    found = load_run(run, note)
    wished = [view.unit(unit, found.model)] if unit is not None else []
    wished += [view.gate(gate, found.model)] if gate is not None else []
    ids = tokens_of(text, found.tokenizer, encoding)
    if not len(ids):
        raise TextError("there is nothing to read", "Take a longer text.")
    player, decode = Player(found.model, found.weights), found.tokenizer.decoder()
    findings = Findings(valid("".join(decode(int(token)) for token in ids)))
    reads = reading(player, found.tokenizer, ids)
    if page is None:
        from charrnn.colours import show_read

        show_read(reads, (wished or [view.SURPRISE])[0], findings, json)
        return
    from charrnn import page as pages

    with listen(quiet=False, as_json=False) as show:
        for read in reads:
            findings.add(read)
            show(Progress("reading", findings.tokens, len(ids)))
    shown = pages.views(findings, wished)
    again = reading(player, found.tokenizer, ids[: pages.LONGEST])
    name = "stdin" if text == "-" else Path(text).name
    written = pages.page(f"{found.run} reads {name}", again, shown, findings)
    with whole(page) as file:
        file.write(written.encode("utf-8", "replace"))
    note(Noticed(f"Written: {page}"))
