"""What all settings have in common: marks, flags, and the check of values from outside."""

from collections.abc import Mapping
from dataclasses import Field
from typing import Any, TypeVar, get_type_hints

AUTO = "chosen to suit the text, the machine and the time"
"""Marks a setting that `training.automatic` chooses unless the command line names it."""
ADVANCED = "Advanced"
"""Marks a setting that the help lists after those a newcomer needs."""


def flag(name: str) -> str:
    """A setting's flag: save_every -> --save-every."""
    return f"--{name.replace('_', '-')}"


def is_automatic(field: Field[Any]) -> bool:
    """Whether a setting is chosen where it is not given."""
    return AUTO in getattr(field.type, "__metadata__", ())


S = TypeVar("S")


class SettingError(ValueError):
    """A value that a setting cannot take. `name` is the setting, where one alone is to blame."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


def plain(message: str) -> str:
    """A library's message about a value, in plain words."""
    what = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return what.partition(", unable to parse")[0].replace("integer", "whole number")


def read(kind: type[S], values: Mapping[str, Any]) -> S:
    """`kind(**values)` with every value's type and bounds checked. Raises SettingError."""
    from pydantic import TypeAdapter, ValidationError  # slow to import, and only needed here

    if not isinstance(values, Mapping):
        raise SettingError(f"{kind.__name__} are missing")
    unknown = values.keys() - get_type_hints(kind).keys()
    if unknown:
        raise SettingError("there is no such setting", min(unknown))
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":  # from a __post_init__, a sentence already
            raise SettingError(str(first["ctx"]["error"])) from None
        name, what = str(first["loc"][0]), plain(first["msg"])
        shown = repr(values.get(name))
        shown = shown if len(shown) < 60 else f"{shown[:50]}..."
        raise SettingError(f"must be {what}, not {shown}", name) from None
