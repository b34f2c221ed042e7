"""What all settings have in common: marks, flags, and the check of values from outside."""

from collections.abc import Collection, Mapping
from dataclasses import Field, asdict, dataclass, fields, replace
from functools import cache
from typing import Any, Self, TypeVar, get_type_hints

from charrnn.errors import UsageError, shortened, suggest

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


@dataclass(frozen=True)
class AppliesTo:
    """Marks a setting that has an effect only with some values of another setting."""

    task: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    decoder: tuple[str, ...] = ()
    tokenizer: tuple[str, ...] = ()
    optimizer: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()

    @staticmethod
    def of(field: Field[Any]) -> dict[str, tuple[str, ...]]:
        """The values of other settings, by their names, that a setting has an effect with."""
        marks = getattr(field.type, "__metadata__", ())
        applies = next((mark for mark in marks if isinstance(mark, AppliesTo)), AppliesTo())
        return {name: values for name, values in asdict(applies).items() if values}

    @staticmethod
    def words(field: Field[Any]) -> str:
        """`with --task label or tag`; empty for a setting that always has an effect."""
        fitting = " and ".join(choices(*item) for item in AppliesTo.of(field).items())
        return f"with {fitting}" if fitting else ""


def choices(name: str, values: Collection[str]) -> str:
    """Values of a setting: --task label, tag or rewrite."""
    *before, last = values
    return f"{flag(name)} {', '.join(before)}{' or ' if before else ''}{last}"


@dataclass(frozen=True)
class Settings:
    """Settings that know which of them were given, which is no part of their values.

    `read` makes them from what was given. The methods here keep that; `dataclasses.replace` does
    not.
    """

    @property
    def given(self) -> frozenset[str]:
        """Names of the settings that were asked for, by a recipe, too. Others may be chosen."""
        names: frozenset[str] = self.__dict__.get("_given", frozenset())
        return names

    @property
    def typed(self) -> frozenset[str]:
        """Names of the settings that were asked for one by one, not by a recipe."""
        names: frozenset[str] = self.__dict__.get("_typed", frozenset())
        return names

    def with_chosen(self, **values: Any) -> Self:
        """The same with these values, which nobody has given."""
        return replace(self, **values).with_names(self.given, self.typed)

    def with_given(self, **values: Any) -> Self:
        """The same with these values, which count as given."""
        return replace(self, **values).with_names(self.given | values.keys(), self.typed)

    def with_names(self, given: Collection[str], typed: Collection[str]) -> Self:
        """The same values, of which those with these names were given."""
        copy = replace(self)
        object.__setattr__(copy, "_given", frozenset(given))
        object.__setattr__(copy, "_typed", frozenset(typed))
        return copy


S = TypeVar("S")


class SettingError(ValueError):
    """A value that a setting cannot take. `name` is the setting, where one alone is to blame."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


def reason_of(error: Exception) -> str:
    """What is wrong with a file, by the error that came of reading it."""
    if isinstance(error, KeyError):
        return f"it has no {error}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    name = error.name if isinstance(error, SettingError) else None
    return f"{name} {error}" if name else str(error)


def plain(message: str) -> str:
    """A library's message about a value, in plain words."""
    condition = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return condition.partition(", unable to parse")[0].replace("integer", "whole number")


def read(kind: type[S], values: Mapping[str, Any], recipe: Collection[str] = ()) -> S:
    """`kind(**values)` with every value's type and bounds checked. Raises SettingError.

    All of them count as given, and those with names in `recipe` as given by a recipe.
    """
    from pydantic import ValidationError  # slow to import, and only needed here

    if not isinstance(values, Mapping):
        raise SettingError(f"{kind.__name__} are missing")
    names, adapter = _checks(kind)  # type: ignore[arg-type]  # types are hashable
    unknown = values.keys() - names
    if unknown:
        raise SettingError("there is no such setting", min(unknown))
    try:
        checked: S = adapter.validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":  # from a __post_init__, a sentence already
            raise SettingError(str(first["ctx"]["error"])) from None
        name, condition = str(first["loc"][0]), plain(first["msg"])
        shown = shortened(repr(values.get(name)))
        raise SettingError(f"must be {condition}, not {shown}", name) from None
    if isinstance(checked, Settings):
        checked = checked.with_names(values.keys(), values.keys() - {*recipe})
    return checked


@cache
def _checks(kind: type[Any]) -> tuple[frozenset[str], Any]:
    """The names of a kind's values, and what checks them: 5 ms to make, and made once."""
    from pydantic import TypeAdapter

    return frozenset(get_type_hints(kind)), TypeAdapter(kind)


def checked_settings(given: Mapping[str, Any], *kinds: type[Any]) -> list[Any]:
    """Settings of each kind, from the values that are given by name; None counts as not given.

    UsageError for a name that none of them has, a wrong type or a value out of bounds.
    """
    kind_of = {field.name: kind for kind in kinds for field in fields(kind)}
    for name in given:
        if name not in kind_of:
            raise UsageError(f"there is no setting {name}", suggest(name, kind_of))
    values = {name: value for name, value in given.items() if value is not None}
    try:
        return [
            read(kind, {name: value for name, value in values.items() if kind_of[name] is kind})
            for kind in kinds
        ]
    except SettingError as error:
        raise UsageError(f"{error.name}: {error}" if error.name else str(error)) from None
