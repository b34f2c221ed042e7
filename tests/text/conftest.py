"""What the tests of texts share."""

import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from charrnn.events import Event, Prepared
from charrnn.settings import TextSettings
from charrnn.tasks import example_format
from charrnn.text import decompression
from charrnn.text.corpus import PARTS, Corpus
from charrnn.text.example_files import prepare_examples
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


WORDS = [("en", "sea"), ("en", "king"), ("de", "meer"), ("de", "könig"), ("fr", "mer")] * 3


def write(path, examples, end="\n"):
    """A file of examples."""
    path.write_text("".join(f"{label}\t{text}{end}" for label, text in examples), newline="")
    return path


def prepared(path, emit=quiet, task="label", valid=None, test=None, **wanted):
    parts = {"valid": valid and str(valid), "test": test and str(test)}
    fmt = example_format(task, TextSettings(**wanted, **parts))
    return prepare_examples(fmt, path, None, emit)


def read_back(corpus, *parts):
    """The (label, text) of each example of some parts, in order."""
    examples = []
    for part in parts or PARTS:
        for number in corpus.examples(part):
            decode = corpus.tokenizer.decoder()
            text = "".join(map(decode, corpus.ids(number).tolist()))
            examples.append((corpus.target_vocabulary[corpus.targets[number]], text))
    return examples


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
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()
