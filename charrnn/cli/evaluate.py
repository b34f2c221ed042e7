"""charrnn eval: how well a model predicts a text."""

from typing import Annotated

import typer

from charrnn.cli.options import Device, Encoding, Json, Part, Quiet, Run
from charrnn.cli.process import limit_threads
from charrnn.errors import UsageError

Text = Annotated[
    str | None,
    typer.Argument(help="a text file, or - for stdin", show_default="the run's own corpus"),
]
Context = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="score windows of N tokens, each from a zero state"),
]
Dynamic = Annotated[bool, typer.Option("--dynamic", help="keep training on what has been scored")]


def evaluate(
    run: Run = None,
    text: Text = None,
    part: Part = None,
    context: Context = None,
    dynamic: Dynamic = False,
    encoding: Encoding = None,
    device: Device = "auto",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a model on a text, in bits per character and per byte.

    The lower, the better. A text alone is scored with the run trained last.
    """
    limit_threads()
    from charrnn.display.log import listen, show_scores
    from charrnn.evaluation.scoring import Protocol, score_run, score_text
    from charrnn.storage.runs import is_text

    if run is not None and text is None and is_text(run):
        run, text = None, run
    if text is None and encoding:
        raise UsageError("--encoding is that of a text file", "Name one after the run.")
    if text is not None and part:
        raise UsageError(f"--part is a part of the corpus, not of {text}", "Leave one of them out.")
    protocol = Protocol(context, dynamic)
    with listen(quiet or json, as_json=False) as emit:
        if text is None:
            scores = score_run(run, part, emit, protocol, device)
        else:
            scores = score_text(run, text, encoding or "utf-8", emit, protocol, device)
    show_scores(scores, json)
