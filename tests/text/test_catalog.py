"""Named corpora, with a server on the loopback address where one is downloaded."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.errors import TextError
from charrnn.events import Progress
from charrnn.text.catalog import CATALOG, corpus_names, download, locate
from tests.text.conftest import make

TEXT = b"To be, or not to be.\n" * 5000
SHA256 = hashlib.sha256(TEXT).hexdigest()


def good(body=TEXT):
    return 200, len(body), body


def test_download_is_complete_and_reports_progress(home, server):
    """A progress bar that never moves; a file written twice as long."""
    server.answers = [good()]
    events = []
    download(server.url, SHA256, home / "x.txt", events.append)
    assert (home / "x.txt").read_bytes() == TEXT
    assert events[-1] == Progress("downloading x.txt", len(TEXT), len(TEXT))


@pytest.mark.parametrize("bad", [(500, 0, b""), (200, len(TEXT), TEXT[:100])])
def test_download_tries_again(home, server, bad):
    """A failed download because of one server error, or of one connection that was cut short."""
    server.answers = [bad, good()]
    download(server.url, SHA256, home / "x.txt", lambda _: None, pauses=(0,))
    assert (home / "x.txt").read_bytes() == TEXT


def test_download_gives_up_with_advice_and_leaves_nothing(home, server):
    """A traceback, or half a text that is taken for the whole the next time."""
    server.answers = [(404, 0, b""), (404, 0, b"")]
    with pytest.raises(TextError, match="could not be downloaded") as error:
        download(server.url, SHA256, home / "x.txt", lambda _: None, pauses=(0,))
    assert server.url in error.value.hint
    assert list(home.iterdir()) == []


def test_a_text_with_another_sha256_is_refused(home, server):
    """A captive portal's page as training text."""
    server.answers = [good(b"<html>log in</html>")]
    with pytest.raises(TextError, match="sha256"):
        download(server.url, SHA256, home / "x.txt", lambda _: None, pauses=(0,))
    assert list(home.iterdir()) == []


def test_python_needs_no_network(home):
    """A catalog that needs a network for everything."""
    path = locate("python", lambda _: None)
    text = path.read_text("utf-8")
    assert len(text) > 1_000_000
    assert "def namedtuple" not in text  # packages are not top-level modules
    assert "class Thread:" in text


def test_names_are_searched_here_then_in_corpora_then_in_the_catalog(home):
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
def test_an_unknown_name_is_answered_with_the_existing_ones(home, name):
    """An error that leaves a person with nothing to do."""
    with pytest.raises(TextError) as error:
        locate(name, lambda _: None)
    assert any(entry in error.value.hint for entry in CATALOG)


def test_a_folder_is_read_again_and_links_lead_in_no_circle(home):
    """A changed folder trained on as it was; a pattern that is looked for without end."""
    (home / "texts" / "below").mkdir(parents=True)
    (home / "texts" / "a.txt").write_text("hello")
    (home / "texts" / "below" / "up").symlink_to(home, target_is_directory=True)
    (home / "texts" / "up").symlink_to(home, target_is_directory=True)
    make("texts")
    assert locate("texts", lambda _: None) == Path("texts")
    assert locate("texts/**/*.txt", lambda _: None) == Path("texts/**/*.txt")
    with pytest.raises(TextError, match="no file and no corpus"):
        locate("**/*.nothing", lambda _: None)


def test_prepared_corpora_are_found_by_name(home):
    """A name that `charrnn corpora` lists and `charrnn train` does not take."""
    (home / "a.txt").write_text("hello")
    char, _ = make("a.txt", name="greeting")
    assert locate("greeting", lambda _: None).resolve() == char.folder
    byte, _ = make("a.txt", name="greeting", tokenizer="byte")
    with pytest.raises(TextError, match="greeting is the name of 2 corpora") as error:
        locate("greeting", lambda _: None)
    assert all(corpus.folder.name in error.value.hint for corpus in (char, byte))
    assert locate(byte.folder.name, lambda _: None).resolve() == byte.folder


def test_every_name_that_is_listed_is_found(home):
    """A completion that leads to an error, or misses what could be named."""
    (home / "a.txt").write_text("hello")
    make("a.txt", name="one")
    (home / "corpora" / "own.txt").write_text("mine")
    for tokenizer in ("char", "byte"):
        make("a.txt", name="two", tokenizer=tokenizer)
    names = corpus_names()
    assert names == sorted(set(names))
    assert {"one", "own", *CATALOG} < set(names)
    assert "two" not in names
    assert sum(name.startswith("two-") for name in names) == 2
    for name in set(names) - set(CATALOG):
        assert locate(name, lambda _: None).exists()


def test_names_are_listed_without_numpy_or_torch():
    """A key press in the shell that takes a tenth of a second and more."""
    code = "import sys; from charrnn.text.catalog import corpus_names; corpus_names()\n"
    code += "print({'numpy', 'torch', 'pydantic', 'urllib.request'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"
