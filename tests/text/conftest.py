"""What the tests of texts share."""

import io
from pathlib import Path

from charrnn.events import Event, Prepared
from charrnn.settings import TextSettings
from charrnn.text import decompression
from charrnn.text.corpus import Corpus
from charrnn.text.preparation import prepare
from charrnn.text.source import Reader

PIECE = decompression.PIECE


def quiet(event: Event) -> None:
    """Listen to nothing."""


def make(*sources: str | Path, name: str | None = None, **settings) -> tuple[Corpus, bool]:
    """The prepared corpus, and whether it had been prepared before."""
    events: list[Event] = []
    corpus = prepare(sources, TextSettings(**settings), name, events.append)
    done = next(event for event in events if isinstance(event, Prepared))
    return corpus, done.reused


def text_in(data, size=PIECE, raw=False, emit=quiet, **settings):
    """The text of a file with these bytes, read `size` bytes at a time."""
    decompression.PIECE = size
    try:
        reader = Reader(TextSettings(**settings), raw, emit)
        return "".join(reader.pieces(io.BytesIO(data), "x.txt"))
    finally:
        decompression.PIECE = PIECE
