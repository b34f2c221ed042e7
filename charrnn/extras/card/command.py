"""charrnn card: a page about a model, to be shared with it."""

from typing import Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Output, Quiet, Replace, Run, output_path
from charrnn.errors import UsageError
from charrnn.events import Noticed

Licence = Annotated[
    str,
    typer.Option(
        "--license", "--licence", metavar="NAME",
        help="under which others may use the model, as SPDX names it: CC-BY-4.0, MIT, ...",
    ),
]  # fmt: skip


def card(
    run: Run = None,
    *,
    licence: Licence,
    output: Output = None,
    yes: Replace = False,
    quiet: Quiet = False,
) -> None:
    """Write a page in Markdown about a model, to share both: a README for it.

    What it learned from, its scores, what it writes, how it is used, and its licence.
    """
    if not licence.strip():
        raise UsageError("a licence has a name", "Name one that others know: --license CC-BY-4.0.")
    path = output_path(output, yes)
    with frame(quiet=quiet, stdout="data", output=path) as command:
        from charrnn.extras.card.card import model_card
        from charrnn.storage.runs import find

        file = find(run)
        command.write(model_card(command.load(run), file.parent, licence))
        command.emit(Noticed(f"Share it with {file}."))
