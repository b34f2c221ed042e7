"""Texts that are named by a URL, with a server on the loopback address."""

import pytest

from charrnn.errors import TextError
from charrnn.files import is_url
from charrnn.settings import TextSettings
from charrnn.text.downloads import fetched
from charrnn.text.resolving import resolve
from tests.text.conftest import make, quiet

TEXT = b"To be, or not to be.\n" * 500


def test_a_url_is_trained_on_and_prepared_as_a_file_is(home, server):
    """A text downloaded again for each run; another corpus than that of the file."""
    server.answers = [(200, len(TEXT), TEXT)]
    corpus = resolve(server.url, TextSettings(), quiet)
    assert (corpus.name, len(corpus.tokens)) == ("input", len(TEXT))
    (home / "input.txt").write_bytes(TEXT)
    assert make(server.url)[0].key == make("input.txt")[0].key == corpus.key
    assert server.answers == []


def test_a_text_that_cannot_be_had_leaves_nothing(home, server):
    """An error page as a training text."""
    server.answers = [(404, 4, b"none")]
    with pytest.raises(TextError, match="could not be downloaded"):
        fetched(server.url, quiet)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_what_is_a_url():
    """A file of this machine, read through another program's scheme."""
    assert is_url("https://example.org/a.txt")
    assert not any(map(is_url, ["file:///etc/passwd", "ftp://x/y", "http://", "http", "a.txt"]))
