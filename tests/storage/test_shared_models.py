"""A model that is named by where it is on the web, with a server on the loopback address."""

import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from charrnn.errors import CheckpointError
from charrnn.files import checkpoints
from charrnn.storage import shared_models
from charrnn.storage.runs import MODEL, TRAINING, find, load_run
from charrnn.text.downloads import Most
from tests.conftest import call_charrnn


@pytest.fixture
def server(monkeypatch):
    """`server.body` is what it answers, with `server.headers` and `server.status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            httpd.asked.append(self.path)
            self.send_response(httpd.status)
            headers = {"Content-Length": str(len(httpd.body))} | httpd.headers
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            for first in range(0, len(httpd.body), 1 << 12):
                if httpd.closed.wait(httpd.pause):
                    break
                self.wfile.write(httpd.body[first : first + (1 << 12)])

        def log_message(self, *args):
            pass

    monkeypatch.setattr(shared_models, "PAUSES", ())
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.status, httpd.body, httpd.headers, httpd.asked = 200, b"", {}, []
        httpd.pause, httpd.closed = 0, threading.Event()
        httpd.handle_error = lambda *_: None  # a client that does not read on
        httpd.url = f"http://127.0.0.1:{httpd.server_port}/model.safetensors"
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield httpd
        httpd.closed.set()
        httpd.shutdown()
        thread.join()


@pytest.fixture
def model(trained):
    """The bytes of a model."""
    return (trained / "checkpoints" / "tale" / MODEL).read_bytes()


def test_a_model_is_used_wherever_a_run_is_named(home, trained, server, model):
    """A model that is downloaded for each command, or that becomes one of the runs here."""
    server.body = model
    here = call_charrnn(trained, "sample", "tale", "--seed", "1", "--length", "40")
    there = call_charrnn(home, "sample", server.url, "--seed", "1", "--length", "40")
    assert (there.code, there.out) == (0, here.out), there.err
    for args in (["inspect", server.url], ["card", server.url, "--license", "MIT"]):
        assert call_charrnn(home, *args).code == 0
    assert len(server.asked) == 1
    assert call_charrnn(home, "runs", "--json").out == ""
    with pytest.raises(CheckpointError):
        find(server.url, TRAINING)


def of_zeros(size):
    return (8).to_bytes(8, "little") + bytes(size)


HOSTILE = {
    "a page": {"body": b"<html>log in</html>"},
    "nothing": {"body": b""},
    "zeros": {"body": of_zeros(5000)},
    "a changed bit": {"change": lambda blob: blob[:-3] + bytes([blob[-3] ^ 1]) + blob[-2:]},
    "a false size, larger": {"headers": {"Content-Length": "99999999"}},
    "a false size, smaller": {"headers": {"Content-Length": "5000"}},
    "no such file": {"status": 404},
    "a redirect to a file": {"status": 302, "headers": {"Location": "file:///etc/hosts"}},
    "a redirect to ftp": {"status": 302, "headers": {"Location": "ftp://127.0.0.1/x"}},
    "a redirect to itself": {"status": 302, "headers": {"Location": "model.safetensors"}},
    "more than there may be": {"most": Most(bytes=5000)},
    "no size, and more than there may be": {
        "most": Most(bytes=5000), "headers": {"Content-Length": None},
    },
    "drops for hours": {"most": Most(seconds=0.05), "pause": 0.06},
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_model_leaves_nothing(home, server, model, monkeypatch, what):
    """A file of this machine, a disk that is filled, or a page, taken for a model the next time."""
    answer = {"body": model, "change": lambda blob: blob} | HOSTILE[what]
    monkeypatch.setattr(shared_models, "_MOST", answer.pop("most", Most(1 << 30, 60)))
    server.body = answer.pop("change")(answer.pop("body"))
    for name, value in answer.items():
        setattr(server, name, value)
    with pytest.raises(CheckpointError) as refused:
        load_run(server.url, lambda _: None)
    assert server.url in refused.value.message
    assert refused.value.hint
    assert not [*checkpoints().glob(".downloads/*")]


def test_a_failure_leaves_the_copy_of_another_process(home, server, model, monkeypatch):
    """A model that is removed while somebody else reads it."""
    server.body = model
    path = find(server.url)
    monkeypatch.setattr(shared_models, "_problem", lambda _: ValueError("as it was before"))
    server.body = b"<html>"
    with pytest.raises(CheckpointError, match="as it was before"):
        find(server.url)
    assert path.read_bytes() == model


def test_a_redirect_is_not_read(home, server):
    """Memory that is filled by what a server says beside the address."""
    server.status = 302
    server.headers = {"Location": f"{server.url}?again", "Content-Length": None}
    server.body = bytes(1 << 26)
    tracemalloc.start()
    with pytest.raises(CheckpointError):
        find(server.url)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 25


def test_a_copy_that_is_damaged_is_downloaded_again(home, server, model):
    """An address that never works again on this machine."""
    server.body = model
    path = find(server.url)
    path.write_bytes(model[:-5])
    assert find(server.url).read_bytes() == model
    assert len(server.asked) == 2


def test_a_connection_that_breaks_is_told_in_words(home, server, model):
    """The name of a file of this machine in place of what the network did."""
    server.body, server.headers = model, {"Content-Length": str(len(model) + 999)}
    with pytest.raises(CheckpointError, match="the connection closed after"):
        find(server.url)


def test_a_refusal_says_what_the_server_answered(home, server):
    """'Not Found' without who says so, of an address that is wrong."""
    server.status = 404
    with pytest.raises(CheckpointError, match="the server answers 404: Not Found"):
        find(server.url)


def test_an_address_has_any_characters(home, server, model):
    """A traceback for a letter with an accent, a byte that is no UTF-8, or a port beyond all."""
    server.body = model
    assert find(f"{server.url}?é\udcff").read_bytes() == model
    assert server.asked == ["/model.safetensors?%C3%A9%FF"]
    with pytest.raises(CheckpointError):
        find(f"http://127.0.0.1:{10**30}/model.safetensors")
