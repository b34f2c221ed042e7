"""The pages of the site that are made from the package: its commands, its Python interface."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cached_property
from html import escape
from typing import Any

import typer

import charrnn
from charrnn import errors, events
from charrnn.cli.command import option_panels
from charrnn.cli.flags import described
from charrnn.cli.main import app
from charrnn.extras.gradients.gradient_flow import GradientFlow
from charrnn.inference.activations import Activations
from charrnn.inference.score import Score
from charrnn.models.base import Model
from charrnn.models.predictor import Predictor
from charrnn.models.text_model import TextModel
from charrnn.settings import ModelSettings, SampleSettings, TextSettings, TrainSettings
from charrnn.tasks.outputs.label import LabelPrediction
from charrnn.tasks.outputs.sequence_prediction import TextPrediction
from charrnn.tasks.outputs.tag_prediction import TagPrediction
from charrnn.text.corpus import Corpus

_COMMANDS = """# Commands

What `charrnn COMMAND --help` says, of every command. `RUN` is a run's name, its folder, its file or
a URL, and `-` is stdin or stdout.
"""
_PYTHON = "# Python\n\n`import charrnn`. [From Python](../docs/python.md) shows it at work.\n"
_CLASSES: dict[str, Sequence[Any]] = {
    "Models\n\n`load`, `train` and `resume` return a `TextModel` or a `Predictor`; both have what "
    "a `Model` has.": (Model, TextModel, Predictor),
    "Results\n\nWhat models and functions return.": (
        Score, LabelPrediction, TagPrediction, TextPrediction, Corpus, Activations, GradientFlow,
    ),
    "Events\n\nWhat a function that is given as `events` is called with. They are in "
    "`charrnn.events`.": events.Event.__subclasses__(),
    "Errors\n\nAll are in `charrnn.errors`.": (errors.CharRNNError,),
}  # fmt: skip
"""Classes by the beginning of their section."""


def table(head: str, rows: Sequence[Sequence[str]]) -> str:
    """A table in HTML. The first cell of each row is code, and so are the flags in the others."""
    titles = "".join(f"<th>{title}</th>" for title in head.split(" | "))
    lines = [f'<div class="settings"><table>\n<thead><tr>{titles}</tr></thead>\n<tbody>']
    for name, *cells in rows:
        others = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        others = re.sub(r"(?<![\w-])--[a-z][a-z-]*", r"<code>\g<0></code>", others)
        words = escape(name).replace(" ", "</code> <code>")  # which a narrow page may divide here
        lines.append(f"<tr><td><code>{words}</code></td>{others}</tr>")
    return "\n".join([*lines, "</tbody></table></div>\n"])


def commands_page() -> str:
    """Every command, as its help describes it."""
    root: Any = typer.main.get_command(app)
    context = typer.Context(root, info_name="charrnn", **root.context_settings)
    parts = [_COMMANDS]
    for title, entries in root.panels().items():
        parts.append(f"## {title.removesuffix(', help')}\n")
        for name in [entry.name for entry in entries if entry.name != "help"]:
            parts += described_command(root, name, context)
    return "\n".join(parts)


def described_command(group: Any, name: str, context: Any) -> Iterator[str]:
    """A command of a group, and those below it."""
    command = group.get_command(context, name)
    context = typer.Context(command, context, info_name=name)
    yield f"### {context.command_path.removeprefix('charrnn ')}\n\n{command.help or ''}\n"
    if command.epilog:
        yield f"```sh\n{command.epilog}\n```\n"
    for title, entries in option_panels(command, context).items():
        rows = [(f"{e.name.strip()} {e.value}".strip(), e.about, e.default) for e in entries]
        yield f"**{title}**\n\n{table('name | meaning | if left out', rows)}"
    for below in getattr(command, "commands", {}):
        yield from described_command(command, below, context)


def python_page() -> str:
    """The interface for Python, as its docstrings describe it."""
    public = {name: getattr(charrnn, name) for name in dir(charrnn)}
    functions = {name: each for name, each in public.items() if inspect.isfunction(each)}
    parts = [_PYTHON, "## Functions\n"]
    parts += [described_function(each, f"charrnn.{name}") for name, each in functions.items()]
    parts.append("## Settings\n\nKeywords of `prepare`, `train` and `resume`, and of `sample`.\n")
    for kind in (ModelSettings, TrainSettings, TextSettings, SampleSettings):
        rows = [(field.name, *described(field, field.type)) for field in fields(kind)]
        listed = table("name | meaning | if left out", rows)
        parts.append(f"### {kind.__name__}\n\n{kind.__doc__}\n\n{listed}")
    for beginning, kinds in _CLASSES.items():
        parts += [f"## {beginning}\n", *map(described_class, kinds)]
    below = errors.CharRNNError.__subclasses__()
    rows = [(k.__name__, (k.__doc__ or "").strip(), str(k.exit_code)) for k in below]
    return "\n".join([*parts, table("error | meaning | exit code", rows)])


def described_function(function: Any, title: str, level: str = "###") -> str:
    """Its signature, as it was written, and its docstring."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    lines = source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
    written = re.sub(r"\bself(, |,\s*\n\s*|(?=\)))", "", "\n".join(lines)).removesuffix(":")
    return f"{level} {title}\n\n```python\n{written}\n```\n\n{documentation(function)}\n"


def described_class(kind: Any) -> str:
    """Its docstring, its fields, and what is public of its own."""
    parts = [f"### {kind.__name__}\n\n{documentation(kind)}\n"]
    if is_dataclass(kind) and fields(kind):
        listed = [f"{field.name}: {type_name(field.type)}" for field in fields(kind)]
        parts.append("\n".join(["```python", *listed, "```\n"]))
    for name, member in vars(kind).items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if isinstance(member, property | cached_property):
            parts.append(f"**`.{name}`** {documentation(member)}\n")
        elif inspect.isfunction(member):
            parts.append(described_function(member, name, "####"))
    return "\n".join(parts)


def type_name(kind: Any) -> str:
    """A type without the modules of its parts."""
    name = re.sub(r"\b([a-z]\w*\.)+(?=[a-zA-Z])", "", inspect.formatannotation(kind))
    return re.sub(
        r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(\w+(\[Any\])?)\]\]", r"NDArray[\1]", name
    )


def documentation(documented: Any) -> str:
    """A docstring in Markdown: its examples are code."""
    paragraphs = (inspect.getdoc(documented) or "").split("\n\n")
    return "\n\n".join(
        f"```pycon\n{text}\n```" if text.startswith(">>>") else text for text in paragraphs
    )
