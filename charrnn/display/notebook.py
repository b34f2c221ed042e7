"""Progress in a notebook: below its cell, one place that is written again as work proceeds."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from charrnn.display.dashboard import Dashboard
from charrnn.display.html import FAINTLY, element, html_of_text, shown
from charrnn.display.svg import svg_of
from charrnn.events import Emit, Event, Finished

_INTERVAL = 0.25  # seconds between two writings: each is sent to a browser
_MOST_MESSAGES = 20
_LINES = "white-space:pre-wrap"

Publish = Callable[[str], None]
"""Shows HTML in the one place."""


class NotebookDashboard(Dashboard):
    """The state of training as HTML: messages, progress, curves and the latest sample.

    When training has ended, one sentence stays: the model shows its curves itself.
    """

    def __init__(self) -> None:
        super().__init__(Console(file=io.StringIO()))  # on which nothing is printed
        self.messages: list[str] = []

    def print_above(self, line: str, style: str) -> None:
        """Keep a message."""
        message = element("" if style == "yellow" else FAINTLY, shown(line))
        self.messages = [*self.messages, message][-_MOST_MESSAGES:]

    def html(self) -> str:
        """The whole of it; nothing before anything has happened."""
        if self.ending:
            ending = element("", shown(self.ending.partition("\n  ")[0]))  # the rest are commands
            return element(_LINES, "".join([*self.messages, ending]))
        parts = [*self.messages]
        if self.progress:
            task, done, total = self.progress.task, self.progress.done, self.progress.total
            parts.append(_bar(task, done, total, ""))
        if event := self.stepped:
            pace = self.pace(event)
            parts.append(_bar(f"step {event.step:,}", event.step, self.total_steps or 0, pace))
            parts.append(svg_of([self.chart(event)]))
        if self.sample:
            parts.append(html_of_text(self.sample))
        return element(_LINES, "".join(parts)) if parts else ""


def _bar(before: str, done: int, total: int, after: str) -> str:
    """Progress between two texts: of an unknown total, a bar that moves."""
    value = f' value="{done}" max="{total}"' if total else ""
    percent = f"{done / total:.0%}  " if total else ""
    return element("", f"{shown(before)}  <progress{value}></progress>  {percent}{shown(after)}")


@contextmanager
def live_html(publish: Publish, interval: float = _INTERVAL) -> Iterator[Emit]:
    """A function that takes events, and publishes where they have led, but not each of them.

    What takes less than `interval` seconds is published when it has ended.
    """
    dashboard, published, last = NotebookDashboard(), "", time.monotonic()

    def refresh() -> None:
        nonlocal published, last
        if (html := dashboard.html()) != published:
            publish(html)
            published, last = html, time.monotonic()

    def emit(event: Event) -> None:
        dashboard(event)
        if isinstance(event, Finished) or time.monotonic() >= last + interval:
            refresh()

    try:
        yield emit
    finally:
        refresh()


def kernel_output() -> Publish:
    """What shows HTML below the cell that runs, and later other HTML in its place."""
    from IPython.display import HTML, DisplayHandle

    handle, is_shown = DisplayHandle(), False

    def publish(html: str) -> None:
        nonlocal is_shown
        show = handle.update if is_shown else handle.display
        show(HTML(html))
        is_shown = True

    return publish
