"""Named corpora, with a server on the loopback address where one is downloaded."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from charrnn.errors import TextError
from charrnn.events import Progress
from charrnn.text.catalog import CATALOG, download, locate

TEXT = b"To be, or not to be.\n" * 5000
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def server():
    """A server that answers with the next of `server.answers`: (status, length told, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, length, body = httpd.answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.answers = []
        httpd.url = f"http://127.0.0.1:{httpd.server_port}/input.txt"
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def good(body=TEXT):
    return 200, len(body), body


def test_download_arrives_whole_and_tells_how_far_it_is(home, server):
    """A progress bar that never moves; a file written twice as long."""
    server.answers = [good()]
    events = []
    download(server.url, home / "x.txt", SHA256, events.append)
    assert (home / "x.txt").read_bytes() == TEXT
    assert events[-1] == Progress("downloading x.txt", len(TEXT), len(TEXT))


@pytest.mark.parametrize("bad", [(500, 0, b""), (200, len(TEXT), TEXT[:100])])
def test_download_tries_again(home, server, bad):
    """One hiccup of the network, or a connection cut short, ends the day."""
    server.answers = [bad, good()]
    download(server.url, home / "x.txt", SHA256, lambda _: None, pauses=(0,))
    assert (home / "x.txt").read_bytes() == TEXT


def test_download_gives_up_with_advice_and_leaves_nothing(home, server):
    """A traceback, or half a text that is taken for the whole the next time."""
    server.answers = [(404, 0, b""), (404, 0, b"")]
    with pytest.raises(TextError, match="could not be downloaded") as error:
        download(server.url, home / "x.txt", SHA256, lambda _: None, pauses=(0,))
    assert server.url in error.value.hint
    assert list(home.iterdir()) == []


def test_another_text_than_asked_for_is_refused(home, server):
    """A captive portal's page as training text."""
    server.answers = [good(b"<html>log in</html>")]
    with pytest.raises(TextError, match="sha256"):
        download(server.url, home / "x.txt", SHA256, lambda _: None, pauses=(0,))
    assert list(home.iterdir()) == []


def test_python_is_always_there(home):
    """A catalog that needs a network for everything."""
    path = locate("python", lambda _: None)
    text = path.read_text("utf-8")
    assert len(text) > 1_000_000
    assert "def namedtuple" not in text  # packages are not top-level modules
    assert "class Thread:" in text


def test_names_are_looked_for_here_then_in_corpora_then_in_the_catalog(home):
    """A downloaded text preferred over the person's own."""
    (home / "corpora").mkdir()
    (home / "corpora" / "python.txt").write_text("my own notes")
    assert locate("python", lambda _: None).read_text() == "my own notes"
    (home / "corpora" / "shakespeare.txt").write_text("in corpora")
    assert locate("shakespeare.txt", lambda _: None).read_text() == "in corpora"
    assert locate("shakespeare", lambda _: None).read_text() == "in corpora"
    (home / "shakespeare.txt").write_text("here")
    assert locate("shakespeare.txt", lambda _: None).read_text() == "here"


@pytest.mark.parametrize("name", ["nix", "pyton", "a*", "../x"])
def test_what_is_not_there_is_answered_with_what_is(home, name):
    """An error that leaves a person with nothing to do."""
    with pytest.raises(TextError) as error:
        locate(name, lambda _: None)
    assert any(entry in error.value.hint for entry in CATALOG)
