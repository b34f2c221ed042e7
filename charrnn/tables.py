"""Tables as plain data, which `display/` prints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Figure(str):
    """A number with its unit, such as '3.1 MB'. Like all numbers it is aligned right."""

    __slots__ = ()


Value = str | int | float | None
"""Words, a count, a number (shown with three decimals), or nothing."""


class Styled(NamedTuple):
    """A value in a style of Rich's: bold, dim, or the colour of a curve."""

    value: Value
    style: str


class Key(Styled):
    """The mark of a curve in the style of a terminal, perhaps before its name: 'A lstm'."""

    __slots__ = ()


Cell = Value | Styled | list[Styled]
"""A value, plain or styled, or several without a gap."""


@dataclass(frozen=True)
class Table:
    """Rows under heads, below a bold title and dim notes. A table without rows is a note alone.

    Where the terminal is narrow, columns with the `optional` heads are left out, the first of them
    first; then column `wraps` does. Rows that take long to come have `widths`: each is printed as
    it comes, in columns of these widths, and a last one that is shortened to what is left.
    """

    heads: Sequence[str] = ()
    rows: Iterable[Sequence[Cell]] = ()
    title: str = ""
    notes: Sequence[str] = ()
    optional: Sequence[str] = ()
    wraps: int | None = 0
    widths: Sequence[int] = ()
