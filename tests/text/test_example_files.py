"""The files of corpora of examples: found again, and never half written."""

import gzip
import signal
import subprocess
import sys

import pytest

from charrnn.errors import TextError
from charrnn.events import Prepared
from charrnn.files import corpus_folders
from charrnn.text import example_files
from charrnn.text.corpus_files import find_corpus, list_corpora
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_table import read_table
from tests.conftest import call_charrnn, posix
from tests.text.conftest import WORDS, make, prepared, read_back, write


def test_it_is_found_again_and_another_split_is_another_corpus(home):
    """Prepared at each start; a vocabulary that depends on what was prepared before."""
    write(home / "a.tsv", WORDS)
    events = []
    corpus = prepared("a.tsv", events.append)
    again = prepared("a.tsv", events.append)
    done = [event for event in events if isinstance(event, Prepared)]
    assert [event.reused for event in done] == [False, True]
    assert (again.key, again.folder) == (corpus.key, corpus.folder)
    assert isinstance(find_corpus(corpus.key), ExampleCorpus)
    assert [listed.tokens for listed in list_corpora()] == [len(corpus.tokens)]
    assert prepared("a.tsv", split="50/50").key != corpus.key
    assert make("a.tsv")[0].key != corpus.key
    with pytest.raises(TextError, match="a has 0 examples to learn from"):
        corpus.with_split("1/99")


def test_compressed_files_and_stdin_are_read(home):
    """Gigabytes that have to be unpacked first."""
    plain = prepared(write(home / "a.tsv", WORDS))
    packed = home / "b.tsv.gz"
    packed.write_bytes(gzip.compress((home / "a.tsv").read_bytes()))
    assert read_back(prepared(packed)) == read_back(plain)
    code = (
        "from charrnn.settings import TextSettings\n"
        "from charrnn.tasks import example_format\n"
        "from charrnn.text.resolving import resolve\n"
        "fmt = example_format('label', TextSettings())\n"
        "print(resolve('-', TextSettings(), lambda _: None, fmt).key)"
    )
    data = (home / "a.tsv").read_bytes()
    done = subprocess.run([sys.executable, "-c", code], input=data, stdout=-1, check=True)
    assert done.stdout.decode().strip() == plain.key


def test_corpora_show_and_list_it(home):
    """A traceback where somebody looks at what there is."""
    prepared(write(home / "a.tsv", WORDS * 20))
    assert "a" in call_charrnn(home, "corpora").out
    assert call_charrnn(home, "corpora", "show", "a").code == 0


@posix
def test_a_killed_preparation_leaves_no_corpus(home):
    """Half a corpus under its name, which the next command trains on."""
    write(home / "a.tsv", WORDS)
    code = (
        "import os, signal\n"
        "from charrnn.settings import TextSettings\n"
        "from charrnn.text import example_files, preparation\n"
        "from charrnn.tasks import example_format\n"
        "preparation.write_json = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "fmt = example_format('label', TextSettings())\n"
        "example_files.prepare_examples(fmt, 'a.tsv', None, lambda _: None)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert corpus_folders() == list_corpora() == []
    assert len(prepared("a.tsv").targets) == len(WORDS)
    assert len(corpus_folders()) == 1


def test_a_file_that_changes_meanwhile_is_an_error(home):
    """Texts of one version of a file with the labels of another."""
    path = write(home / "a.tsv", WORDS)

    def grow(*args):
        table = read_table(*args)
        write(path, [*WORDS, ("de", "see")])
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example_files, "read_table", grow)
        with pytest.raises(TextError, match="changed while it was being read"):
            prepared("a.tsv")
    assert corpus_folders() == []
    assert [path.name for path in home.iterdir()] == ["a.tsv"]
