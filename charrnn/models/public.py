"""What all public functions do: they check their arguments, and their errors speak Python.

The command calls some of them, too: it has checked what was typed, and keeps its own words.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from charrnn.errors import IN_COMMAND, CharRNNError, UsageError, from_os, shortened, suggest
from charrnn.models.words import in_python, texts_in

F = TypeVar("F", bound=Callable[..., Any])


def public(function: F) -> F:
    """A function of the Python interface, or a method.

    UsageError for an argument of a wrong type, or for a keyword that it does not have. Its errors
    are in Python's words, and a traceback shows their hints.
    """

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if IN_COMMAND.get():
            return function(*args, **kwargs)
        with _in_python(_advice(function)):
            given = _checked(function, *args, **kwargs)
            result = function(*given.args, **given.kwargs)
        return _spoken(result, _advice(function)) if inspect.isgenerator(result) else result

    return called  # type: ignore[return-value]  # it takes and returns the same


def _advice(function: Callable[..., Any]) -> str:
    of = "model" if "." in function.__qualname__ else "charrnn"
    return f"help({of}.{function.__name__}) says what it takes."


def _spoken(pieces: Iterator[Any], advice: str) -> Iterator[Any]:
    with _in_python(advice):
        yield from pieces


@contextmanager
def _in_python(advice: str) -> Iterator[None]:
    """Errors that arise in the block speak Python, and give `advice` where they have none."""
    try:
        yield
    except OSError as error:
        raise _reworded(from_os(error), advice) from error
    except CharRNNError as error:
        _reworded(error, advice)
        raise


def _reworded(error: CharRNNError, advice: str) -> CharRNNError:
    error.message, error.hint = in_python(error.message), in_python(error.hint or advice)
    error.args = (error.message,)
    if not hasattr(error, "__notes__"):
        error.add_note(error.hint)
    return error


def _checked(function: Callable[..., Any], *args: Any, **kwargs: Any) -> inspect.BoundArguments:
    """The arguments, as the function's annotations have them: lists for what is iterable."""
    kinds, unpacked = _kinds(function)
    for name in kwargs.keys() - kinds.keys():
        begun = [known for known in kinds if name.startswith(known)]
        meant = f"Did you mean {begun[0]}?" if begun else suggest(name, kinds)
        raise UsageError(f"{function.__name__} has no argument {name}", meant)
    try:
        given = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise UsageError(f"{function.__name__}: {error}") from None
    for values in (given.arguments, given.arguments.get(unpacked, {})):
        for name in [name for name in values if name in kinds]:
            if values is given.arguments or values[name] is not None:  # as if it were not given
                values[name] = _converted(name, values[name], kinds[name])
    return given


@cache
def _kinds(function: Callable[..., Any]) -> tuple[Mapping[str, Any], str]:
    """The types of its parameters by their names, and the name of the one that unpacks others."""
    kinds = {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
    unpacked = inspect.getfullargspec(function).varkw or ""
    if unpacked:
        kinds |= get_type_hints(get_args(kinds.pop(unpacked))[0])
    return kinds, unpacked


def _converted(name: str, value: Any, kind: Any) -> Any:
    """The value as that type. UsageError for one of another."""
    from pydantic import ValidationError  # slow to import

    try:
        return _adapter(kind).validate_python((value,))[0]
    except ValidationError:
        shown = shortened(repr(value))
        meant = suggest(value, texts_in(kind)) if isinstance(value, str) else ""
        raise UsageError(f"{name} must be {_described(kind)}, not {shown}", meant) from None


@cache
def _adapter(kind: Any) -> Any:
    """Of a tuple of one value: a dataclass alone would not take the configuration."""
    from pydantic import ConfigDict, TypeAdapter

    if get_origin(kind) is Iterable:  # of which pydantic would check items as they are asked for
        kind = list[get_args(kind)]  # type: ignore[misc]  # a type that is made when it runs
    return TypeAdapter(tuple[kind], config=ConfigDict(arbitrary_types_allowed=True))


def _described(kind: Any) -> str:
    """A type in words: "str or a list of str"."""
    parts, origin = get_args(kind), get_origin(kind)
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin in (Union, UnionType):
        return " or ".join(_described(part) for part in parts if part is not NoneType)
    if origin is Callable:
        return "a function"
    if origin in (Iterable, Sequence):
        return f"a list of {_described(parts[0])}"
    return str((origin or kind).__name__)
