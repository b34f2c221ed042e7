"""Completion in the shell: names of runs and corpora. Loads neither torch nor NumPy."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from typer.completion import (  # type: ignore[attr-defined]  # typer names no exports
    completion_init,
    get_completion_script,
    install,
)

from charrnn.errors import UsageError, suggest
from charrnn.files import checkpoints

_VARIABLE = "_CHARRNN_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def enable_completion() -> None:
    """Answer the shell where it asks for completions, through an environment variable."""
    if _VARIABLE in os.environ:
        completion_init()


def run_names(incomplete: str) -> list[str]:
    """Names of runs that begin with what is typed."""
    root = checkpoints()
    paths = sorted(root.iterdir()) if root.is_dir() else []
    return _completions((path.name for path in paths if path.is_dir()), incomplete)


def corpus_or_file(incomplete: str) -> list[str]:
    """Files, corpora and names of the catalog that begin with what is typed."""
    from charrnn.text.catalog import corpus_names

    return _completions([*corpus_names(), *_files(incomplete)], incomplete)


def _completions(names: Iterable[str], incomplete: str) -> list[str]:
    """Names that begin with what is typed; none that a shell would read as more than one word."""
    return [n for n in names if n.startswith(incomplete) and re.fullmatch(r"[\w@%+=:,./-]+", n)]


def _files(incomplete: str) -> list[str]:
    folder = incomplete.rpartition("/")[0]
    paths = sorted(Path(f"{folder}/" if folder else ".").glob("*"))
    return [f"{path}/" if path.is_dir() else str(path) for path in paths]


def _known_shell(shell: str) -> str:
    if shell not in SHELLS:
        hint = suggest(shell, SHELLS, "Shells")
        raise UsageError(f"there is no completion for {shell}", hint)
    completion_init()
    return shell


def _show(shell: str | None) -> None:
    if shell is not None:
        print(get_completion_script(
            prog_name="charrnn", complete_var=_VARIABLE, shell=_known_shell(shell)
        ), flush=True)  # fmt: skip
        raise typer.Exit


def _install(shell: str | None) -> None:
    if shell is not None:
        _, path = install(_known_shell(shell), "charrnn", _VARIABLE)
        print(f"Written: {path}. It takes effect in a new terminal.", flush=True)
        raise typer.Exit


ShowCompletion = Annotated[
    str | None,
    typer.Option(
        "--show-completion", callback=_show, is_eager=True, metavar="SHELL",
        help="print the completion script for bash, zsh, fish or powershell",
    ),
]  # fmt: skip
InstallCompletion = Annotated[
    str | None,
    typer.Option(
        "--install-completion", callback=_install, is_eager=True, metavar="SHELL",
        help="install completion for bash, zsh, fish or powershell",
    ),
]  # fmt: skip
