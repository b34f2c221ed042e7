"""Errors of the disk: training continues after them, except at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from charrnn.errors import from_os
from charrnn.events import Emit, Noticed


class DiskErrors:
    """Reports what the disk refuses, once per reason, and lets training continue."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._reported = ""

    @contextmanager
    def tolerated(self, tolerate: bool = True) -> Iterator[None]:
        """A block that writes. An OSError in it is reported; it is raised if not to `tolerate`."""
        try:
            yield
        except OSError as error:
            if not tolerate:
                raise
            refused = from_os(error)
            if refused.message != self._reported:
                what = f"Not saved: {refused.message}. {refused.hint}"
                self._emit(Noticed(f"{what} Training continues, and will try again."))
            self._reported = refused.message
        else:
            self._reported = ""
