"""A settings dataclass becomes a command's flags: one field, one flag, one line of help.

    @with_flags("time", "cell")
    def train(model: ModelSettings, settings: TrainSettings, dry: Annotated[bool, "try"] = False)

turns into a command with `--time`, `--cell`, `--layers` and so on, and with `--dry`: a parameter of
the command's own is described as a setting is. The settings that the decorator names are listed
first in the help, those marked ADVANCED in a panel at the end.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typer

from charrnn.cli.definitions import TASKS
from charrnn.cli.extras import has_extra
from charrnn.errors import UsageError, suggest
from charrnn.recipes import RECIPES
from charrnn.settings import (
    ADVANCED,
    LENGTHS,
    AppliesTo,
    ModelSettings,
    SettingError,
    TrainSettings,
    flag,
    is_automatic,
    read,
)

SETTINGS = "Settings"
"""The panel of the settings that are neither listed first nor marked ADVANCED."""
_SHORT = 14  # characters of choices that stand beside a flag; longer lists stand in its help
_OTHER_SPELLINGS = {
    "length": ("-n",), "temp": ("--temperature", "-t"), "seed": ("-s",), "prompt": ("--prime",),
    "interactive": ("-i",),
}  # fmt: skip
_METAVARS = {
    "time": "TIME", "more": "AMOUNT", "temp": "X", "stop": "TEXT", "split": "A/B/C",
    "device": "NAME", "document_per": "line|file|TEXT", "columns": "NAMES",
    "valid": "FILE", "test": "FILE", "html": "FILE", "picture_size": "HxW",
    "encoding": "NAME", "name": "NAME", "cells": "NAMES", "prompt_file": "FILE", "prompts": "FILE",
    int: "N", float: "X", str: "TEXT", Path: "FILE", bool: None,
}  # fmt: skip


def _recipe_names(incomplete: str) -> list[tuple[str, str]]:
    return [(name, recipe.about) for name, recipe in RECIPES.items() if name.startswith(incomplete)]


_Recipe = Annotated[
    str | None,
    typer.Option(
        help=f"settings to begin from: {', '.join(RECIPES)}", metavar="NAME",
        autocompletion=_recipe_names,
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """Marks how a flag is shown: in which panel, with which default, only with which extra."""

    panel: str | None = None
    default: str = ""
    extra: str = ""


def with_flags(*first: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Spread each parameter that is a settings dataclass into flags, those named here first.

    A command with training settings gets `--recipe`, too.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(command).parameters.values()
        kinds = {p.name: p.annotation for p in parameters if is_dataclass(p.annotation)}
        beside = [_own(p) for p in parameters if p.name not in kinds]
        recipe = [_parameter("recipe", _Recipe)] if TrainSettings in kinds.values() else []

        def spread(**values: Any) -> None:
            settings = _read_settings(kinds, values, command.__name__)
            command(**settings, **values)

        flags = [p for kind in kinds.values() for p in _flags(kind, first)]
        leading = sorted((p for p in flags if p.name in first), key=lambda p: first.index(p.name))
        shown = [*leading, *recipe, *beside, *(p for p in flags if p.name not in first)]
        spread.__name__ = command.__name__
        spread.__doc__ = command.__doc__
        spread.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]  # as PEP 362 says
        spread.__annotations__ = {p.name: p.annotation for p in shown}
        return spread

    return decorate


def _read_settings(
    kinds: Mapping[str, Any], values: dict[str, Any], command: str
) -> dict[str, Any]:
    """Settings by the parameter's name; takes them out of `values`. Raises UsageError."""
    names = {field.name for kind in kinds.values() for field in fields(kind)}
    taken = {name: values.pop(name) for name in names & values.keys()}
    typed = {name: value for name, value in taken.items() if value not in (None, [])}
    recipe = _recipe_settings(values.pop("recipe", None))
    if typed.keys() & set(LENGTHS):
        recipe = {name: value for name, value in recipe.items() if name not in LENGTHS}
    given = recipe | typed
    settings = {}
    for parameter, kind in kinds.items():
        chosen = {f.name: given[f.name] for f in fields(kind) if f.name in given}
        try:
            settings[parameter] = read(kind, chosen, recipe.keys() - typed.keys())
        except SettingError as error:
            named = f"{flag(error.name)}: " if error.name else ""
            raise UsageError(f"{named}{error}", f"See charrnn {command} --help.") from None
    return settings


def _recipe_settings(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name not in RECIPES:
        raise UsageError(f"there is no recipe {name}", suggest(name, RECIPES, "Recipes"))
    return dict(RECIPES[name].settings)


def _flags(kind: Any, first: tuple[str, ...]) -> list[inspect.Parameter]:
    """The flags of a settings dataclass; ordinary ones before those marked ADVANCED."""
    hints = get_type_hints(kind, include_extras=True)
    flags = []
    for field in sorted(fields(kind), key=lambda f: ADVANCED in get_args(hints[f.name])):
        name, hint = field.name, hints[field.name]
        text, default = described(field, hint)
        panel = None if name in first else _panel(field, hint)
        option = _option(name, hint, text, Shown(panel, default))
        flags.append(_parameter(name, Annotated[_type_of_flag(hint), option]))
    return flags


def _panel(field: Field[Any], hint: Any) -> str:
    tasks = AppliesTo.of(field).get("task", (ModelSettings.task,))
    if field.name == "task" or ModelSettings.task not in tasks:
        return TASKS
    return ADVANCED if ADVANCED in get_args(hint) else SETTINGS


def _own(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter of the command itself; a flag if it is described as settings are."""
    name, hint, default = parameter.name, parameter.annotation, parameter.default
    marks = getattr(hint, "__metadata__", ())
    text = next((mark for mark in marks if isinstance(mark, str)), None)
    if text is None:
        return _parameter(name, hint, default)
    panel = ADVANCED if ADVANCED in marks else None
    shown = next((mark for mark in marks if isinstance(mark, Shown)), Shown(panel))
    if not shown.default and default is not None and not isinstance(default, bool):
        shown = replace(shown, default=str(default))
    option = _option(name, hint, text, shown, f"/--no-{name}" if default is True else "")
    option.min = next((mark.ge for mark in marks if hasattr(mark, "ge")), None)
    option.max = next((mark.le for mark in marks if hasattr(mark, "le")), None)
    return _parameter(name, Annotated[get_args(hint)[0], option], default)


def _option(name: str, hint: Any, text: str, shown: Shown, negated: str = "") -> Any:
    """A flag for typer; `negated` is the spelling that switches it off."""
    metavar, choices = _metavar(name, hint), _choices(hint)
    if metavar == "NAME" and not all(choice in text for choice in choices):
        about, when, condition = text.partition("; with --")
        text = f"{about}: {', '.join(choices)}{when}{condition}"
    return typer.Option(
        flag(name) + negated,
        *_OTHER_SPELLINGS.get(name, ()),
        help=text,
        metavar=metavar,
        show_default=shown.default or False,
        rich_help_panel=shown.panel,
        hidden=bool(shown.extra) and not has_extra(shown.extra),
    )


def _parameter(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def described(field: Field[Any], hint: Any) -> tuple[str, str]:
    """A setting's help, and its value if it is not given: 'chosen' where that is automatic."""
    assert get_origin(hint) is Annotated
    text = next(extra for extra in get_args(hint)[1:] if isinstance(extra, str))
    text = "; ".join(part for part in (text, AppliesTo.words(field)) if part)
    unset = field.default in (None, False, ())
    return text, "chosen" if is_automatic(field) else "" if unset else str(field.default)


def _metavar(name: str, hint: Any) -> str | None:
    choices = "|".join(_choices(hint))
    if choices:
        return choices if len(choices) <= _SHORT else "NAME"
    plain = [kind for kind in _members(hint) if kind in _METAVARS]
    return _METAVARS.get(name) or (_METAVARS[plain[0]] if plain else None)


def _type_of_flag(hint: Any) -> Any:
    """The type that typer reads: a list for a tuple, str where str is one of several."""
    kind = get_args(hint)[0]
    if get_origin(kind) is tuple:
        return list[str] | None
    return str | None if str in _members(hint) else kind | None


def _choices(hint: Any) -> list[str]:
    return [
        str(choice) for kind in _members(hint) if get_origin(kind) is Literal
        for choice in get_args(kind)
    ]  # fmt: skip


def _members(hint: Any) -> tuple[Any, ...]:
    """The types that an annotated hint is a union of, or the one that it is."""
    kind = get_args(hint)[0]
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
