"""The pages of the site that are made from the package: its commands, its Python interface."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cached_property
from html import escape
from typing import Any, get_args

import typer

import charrnn
from charrnn import errors, events
from charrnn.cli.command import _option_panels
from charrnn.cli.definitions import PANELS
from charrnn.cli.flags import described
from charrnn.cli.main import app
from charrnn.inference.activations import Activations
from charrnn.inference.score import Score
from charrnn.models import Predictor, TextModel
from charrnn.models.base import Model
from charrnn.settings import ModelSettings, SampleSettings, TextSettings, TrainSettings
from charrnn.text.corpus import Corpus


def table(head: str, rows: list[tuple[str, ...]]) -> str:
    """A table in HTML; the first cell of each row is code."""
    cells = "".join(f"<th>{title}</th>" for title in head.split(" | "))
    lines = [f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>"]
    for name, *others in rows:
        rest = "".join(f"<td>{escape(other)}</td>" for other in others)
        lines.append(f"<tr><td><code>{escape(name)}</code></td>{rest}</tr>")
    return "\n".join([*lines, "</tbody></table>\n"])


def commands_page() -> str:
    """Every command, as its help describes it."""
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="charrnn")
    commands = {name: each for name, each in root.load_all(context).items() if name != "help"}
    parts = [
        "# Commands\n\nWhat `charrnn COMMAND --help` says, of every command. `RUN` is a run's name, its "
        "folder, its file or a URL; `-` is stdin or stdout.\n"
    ]
    for panel in PANELS:
        for name, command in commands.items():
            if command.rich_help_panel == panel:
                parts += command_lines(command, typer.Context(command, context, info_name=name))
    return "\n".join(parts)


def command_lines(command: Any, context: Any) -> Iterator[str]:
    """A command and those below it, in Markdown."""
    path = context.command_path
    yield f"## {path.removeprefix('charrnn ')}\n\n{command.help or ''}\n"
    if command.epilog:
        yield f"```sh\n{command.epilog}\n```\n"
    for title, entries in _option_panels(command, context).items():
        rows = [(f"{e.name.strip()} {e.value}".strip(), e.about, e.default) for e in entries]
        yield f"**{title}**\n\n{table('name | what it says | if left out', rows)}"
    for name, below in getattr(command, "commands", {}).items():
        yield from command_lines(
            command.get_command(context, name), typer.Context(below, context, info_name=name)
        )


def python_page() -> str:
    """The interface for Python, as its docstrings describe it."""
    names = [name for name in charrnn.__all__ if inspect.isfunction(getattr(charrnn, name))]
    parts = ["# Python\n\n[From Python](../docs/python.md) shows it at work.\n\n## Functions\n"]
    parts += [described_function(getattr(charrnn, name), f"charrnn.{name}") for name in names]
    parts.append("## Models\n\nWhat `load`, `train` and `resume` return.\n")
    parts += [described_class(kind) for kind in (Model, TextModel, Predictor)]
    parts.append("## What they give\n")
    parts += [described_class(kind) for kind in (Score, Corpus, Activations)]
    parts.append("## Settings\n\nKeywords of `prepare`, `train`, `resume` and of what samples.\n")
    parts += [described_settings(kind)
              for kind in (ModelSettings, TrainSettings, TextSettings, SampleSettings)]  # fmt: skip
    parts.append("## Events\n\nWhat the function `events` is called with: `charrnn.events`.\n")
    parts += [described_class(kind) for kind in events.Event.__subclasses__()]
    parts.append("## Errors\n\nIn `charrnn.errors`, with the exit code of the command.\n")
    parts += [described_class(errors.CharRNNError), table("error | what it says | exit code", [
        (kind.__name__, inspect.getdoc(kind) or "", str(kind.exit_code))
        for kind in errors.CharRNNError.__subclasses__()])]  # fmt: skip
    return "\n".join(parts)


def described_function(function: Any, name: str, level: str = "###") -> str:
    """Its signature, as it was written, and its docstring."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    lines = source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
    signature = re.sub(r"\bself(, |,\s*\n\s*|(?=\)))", "", "\n".join(lines)).removesuffix(":")
    return f"{level} {name}\n\n```python\n{signature}\n```\n\n{documentation(function)}\n"


def described_class(kind: Any) -> str:
    """Its docstring, its fields, and what is public of its own."""
    parts = [f"### {kind.__name__}\n\n{documentation(kind)}\n"]
    if is_dataclass(kind):
        shown = [f"{field.name}: {type_name(field.type)}" for field in fields(kind)]
        parts.append("\n".join(["```python", *shown, "```\n"]))
    for name, member in vars(kind).items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if isinstance(member, property | cached_property):
            parts.append(f"**`.{name}`** {documentation(member)}\n")
        elif inspect.isfunction(member):
            parts.append(described_function(member, name, "####"))
    return "\n".join(parts)


def type_name(kind: Any) -> str:
    """A type, as it was written."""
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)


def documentation(documented: Any) -> str:
    """A docstring in Markdown: its examples are code."""
    paragraphs = (inspect.getdoc(documented) or "").split("\n\n")
    return "\n\n".join(
        f"```pycon\n{text}\n```" if text.startswith(">>>") else text for text in paragraphs
    )


def described_settings(kind: Any) -> str:
    """The settings of a kind, as keywords of functions."""
    rows = [(field.name, *described(field, field.type)) for field in fields(kind)]
    return f"### {kind.__name__}\n\n{kind.__doc__}\n\n{table('name | what it says | if left out', rows)}"
