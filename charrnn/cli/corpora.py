"""charrnn corpora: list the texts to train on, download them, remove them."""

from pathlib import Path
from typing import Annotated

import typer

from charrnn import files
from charrnn.cli.command import Command, Group
from charrnn.cli.completion import corpus_or_file
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Yes, confirm, freed
from charrnn.errors import TextError, UsageError, suggest

corpora = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="name of a corpus", autocompletion=corpus_or_file)]
Names = Annotated[list[str], typer.Argument(help="names of corpora", autocompletion=corpus_or_file)]


@corpora.callback(invoke_without_command=True)
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """List the prepared corpora and the catalog; or get, show and remove them."""
    if ctx.invoked_subcommand is None:
        with frame(json=json) as command:
            from charrnn.display.listings import corpora_report
            from charrnn.text.catalog import CATALOG
            from charrnn.text.corpus_files import list_corpora

            command.show(corpora_report(list_corpora(command.say), CATALOG))


@corpora.command("get", cls=Command)
def get(name: Name, quiet: Quiet = False) -> None:
    """Download a text, or generate it, and print its path."""
    from charrnn.text.catalog import CATALOG, locate, obtained

    if name not in CATALOG:
        raise UsageError(f"{name} is not a text to get", suggest(name, CATALOG, "Texts to get"))
    with frame(quiet=quiet) as command:
        path = locate(name, command.emit)
        if path.is_dir():  # a corpus of that name, for which the text need not be here
            path = obtained(name, command.emit)
    print(path, flush=True)


@corpora.command("rm", cls=Command)
def remove(names: Names, yes: Yes = False) -> None:
    """Remove prepared corpora, or texts that were downloaded or made.

    Their runs can still be sampled, but not trained any further.
    """
    with frame() as command:
        paths = list(dict.fromkeys(map(_removable, names)))
        size = sum(map(files.size_on_disk, paths))
        listed = [path.name for path in paths]
        runs = [run for path in paths for run in _runs_on(path)]
        lost = f" Not to be trained any further: {', '.join(runs)}." if runs else ""
        confirm(f"Remove {', '.join(listed)}, {size / 1e6:,.1f} MB?{lost}", yes)
        for path in paths:
            files.remove(path)
        command.say(freed("Removed", listed, size))


def _runs_on(path: Path) -> list[str]:
    """The runs that need a prepared corpus; none need one that is damaged, or a text."""
    from charrnn.storage.housekeeping import runs_on
    from charrnn.text.corpus_files import open_corpus

    try:
        return runs_on(open_corpus(path)) if path.is_dir() else []
    except TextError:
        return []


def _removable(name: str) -> Path:
    """The folder of a prepared corpus, or the file of a downloaded text. TextError for neither."""
    from charrnn.text.catalog import prepared

    if folder := prepared(name):
        return folder
    kept = [*files.corpora().glob("catalog/*.txt"), *files.corpora().glob("downloads/*/*")]
    texts = {text.stem: text for text in kept}
    if name not in texts:
        names = [*texts, *files.short_names(files.corpus_folders())]
        raise TextError(f"there is no prepared corpus {name}", suggest(name, names, "There are"))
    return texts[name]
