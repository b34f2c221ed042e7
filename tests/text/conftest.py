"""What the tests of texts share."""

from pathlib import Path

from charrnn.events import Event, Prepared
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.preparation import prepare


def quiet(event: Event) -> None:
    """Listen to nothing."""


def make(*sources: str | Path, name: str | None = None, **settings) -> tuple[Corpus, bool]:
    """The prepared corpus, and whether it had been prepared before."""
    events: list[Event] = []
    corpus = prepare(sources, TextSettings(**settings), name, events.append)
    done = next(event for event in events if isinstance(event, Prepared))
    return corpus, done.reused
