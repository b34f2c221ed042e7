"""How the words of a command line are read: one rule for the values of all commands.

Numbers as people write them (`5k`), names of choices in any case (`LSTM`), nothing that is empty.
"""

from collections.abc import Sequence
from typing import Any

from charrnn.errors import UsageError
from charrnn.values import number, whole_number

_NAMES = ("NAME", "NAMES", "FILE", "RUN", "OUT")  # metavars of what cannot be empty
_NUMBERS = {int: whole_number, float: number}
_ANY_CASE = ("recipe", "cells", "device")  # beside the choices


def plain_values(params: Sequence[Any], values: dict[str, Any], page: str) -> dict[str, Any]:
    """The values of a command's parameters, by name, in the spelling that their types read.

    UsageError names the flag of one that is not a number, or is empty; `page` is where its help is.
    """
    plain = dict(values)
    for param in params:
        value = values.get(param.name)
        words = [value] if isinstance(value, str) else value
        if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
            try:
                spelled = [_plain(param, word) for word in words]
            except ValueError as error:
                raise UsageError(f"{_title(param)}: {error}", f"See {page} --help.") from None
            plain[param.name] = spelled[0] if isinstance(value, str) else spelled
    return plain


def _plain(param: Any, word: str) -> str:
    """One value. Raises ValueError."""
    kind = param.type_descriptor
    is_name = param.param_type_name == "argument" or param.metavar in _NAMES
    if not word and is_name:
        raise ValueError("an empty name; is a variable of the shell not set?")
    if kind.annotation in _NUMBERS:
        return str(_NUMBERS[kind.annotation](word))
    if kind.choices is not None or param.name in _ANY_CASE:
        return word.lower()
    return word


def _title(param: Any) -> str:
    """--length, or RUN."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).upper()
    return str(next(name for name in param.opts if name.startswith("--")))
