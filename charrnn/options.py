"""A settings dataclass becomes a command's flags: one field, one flag, one line of help.

    @with_flags
    def train(corpus: str, model: ModelSettings, given: Given) -> None: ...

turns into a command with `--cell`, `--layers` and so on. Their panel in the help is called by the
first word of the dataclass's docstring.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from charrnn.errors import UsageError
from charrnn.settings import CHOSEN, SettingError, check_encoding, read

Run = Annotated[
    str | None, typer.Argument(help="a run's name, its folder or model file", show_default="last")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="print nothing but errors")]
Json = Annotated[bool, typer.Option("--json", help="print JSON to stdout, one object a line")]


def _known(ctx: typer.Context, encoding: str) -> str:
    try:
        check_encoding(encoding)
    except ValueError as error:
        raise UsageError(str(error), f"See {ctx.command_path} --help.") from None
    return encoding


Encoding = Annotated[str, typer.Option(help="how the text file is encoded", callback=_known)]

Given = Mapping[str, Any]
"""A command's parameter of this type gets the settings that the command line named."""


def with_flags(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each parameter that is a settings dataclass spread out into flags."""
    signature = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    kinds: dict[str, type] = {}
    for parameter in signature.parameters.values():
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation):
            kinds[parameter.name] = parameter.annotation
            parameters += _flags(parameter.annotation)
        elif parameter.annotation is not Given:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    def spread(**values: Any) -> None:
        given: dict[str, Any] = {}
        for name, kind in kinds.items():
            taken = {field.name: values.pop(field.name) for field in fields(kind)}
            mine = {key: value for key, value in taken.items() if value is not None}
            try:
                values[name] = read(kind, mine)
            except SettingError as error:
                named = f"{flag(error.name)}: " if error.name else ""
                hint = f"See charrnn {command.__name__.rstrip('_')} --help."
                raise UsageError(f"{named}{error}", hint) from None
            given |= mine
        for parameter in signature.parameters.values():
            if parameter.annotation is Given:
                values[parameter.name] = given
        command(**values)

    spread.__name__ = command.__name__
    spread.__doc__ = command.__doc__
    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as PEP 362 says
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread


def flag(name: str) -> str:
    """A setting's flag: save_every -> --save-every."""
    return f"--{name.replace('_', '-')}"


def _flags(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                get_args(hints[field.name])[0] | None,
                typer.Option(
                    flag(field.name),
                    help=_help(field, hints[field.name]),
                    rich_help_panel=kind.__doc__.split(":")[0],
                ),
            ],
        )
        for field in fields(kind)
    ]


def described(field: Field[Any], hint: Any) -> tuple[str, str]:
    """A setting's help, and what it is if the command line does not name it."""
    assert get_origin(hint) is Annotated
    text, *more = [extra for extra in get_args(hint)[1:] if isinstance(extra, str)]
    return text, "chosen" if CHOSEN in more else "" if field.default is None else str(field.default)


def _help(field: Field[Any], hint: Any) -> str:
    text, default = described(field, hint)
    return rf"{text} [dim]\[default: {default}][/]" if default else text
