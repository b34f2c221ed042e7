"""Corpora of examples in files: found again, named, damaged, or never finished."""

import gzip
import json
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import TextError, UsageError
from charrnn.events import Prepared
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings, read
from charrnn.text import example_preparation
from charrnn.text.corpus import find_corpus, list_corpora, open_corpus
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_lines import read_table
from charrnn.text.example_preparation import resolve_examples
from charrnn.text.preparation import resolve_corpus
from tests.conftest import call_charrnn
from tests.text.conftest import WORDS, make, prepared, quiet, read_back, write


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
    assert [found.tokens for found in list_corpora()] == [len(corpus.tokens)]
    assert prepared("a.tsv", split="50/50").key != corpus.key
    assert make("a.tsv")[0].key != corpus.key
    with pytest.raises(TextError, match="a has no examples to learn from"):
        corpus.with_split("1/99")


def test_compressed_files_and_stdin_are_read(home):
    """Gigabytes that have to be unpacked first."""
    plain = prepared(write(home / "a.tsv", WORDS))
    packed = home / "b.tsv.gz"
    packed.write_bytes(gzip.compress((home / "a.tsv").read_bytes()))
    assert read_back(prepared(packed)) == read_back(plain)
    code = (
        "from charrnn.settings import TextSettings\n"
        "from charrnn.text.example_preparation import resolve_examples\n"
        "print(resolve_examples('label', '-', TextSettings(), lambda _: None).key)"
    )
    data = (home / "a.tsv").read_bytes()
    done = subprocess.run([sys.executable, "-c", code], input=data, stdout=-1, check=True)
    assert done.stdout.decode().strip() == plain.key


def test_what_train_names_is_resolved(home):
    """A corpus of another task that is trained on; a flag that has no effect."""
    write(home / "a.tsv", WORDS)
    corpus = resolve_examples("label", "a.tsv", TextSettings(), quiet)
    folder = str(corpus.folder)
    for name in ("a", folder, corpus.folder.name):
        assert resolve_examples("label", name, TextSettings(), quiet).key == corpus.key
    split = {"split": "60/40"}
    divided = resolve_examples("label", "a", read(TextSettings, split), quiet)
    assert (divided.text.split, divided.key) == ("60/40", corpus.key)
    byte = {"tokenizer": "byte"}
    for given_, files, message in [
        (byte, {}, "is prepared with --tokenizer char"),
        ({}, {"valid": "a.tsv"}, "is prepared without --valid"),
        (split, {"test": "a.tsv"}, "--split has no effect with --valid or --test"),
    ]:
        with pytest.raises(UsageError, match=message) as error:
            resolve_examples("label", folder, read(TextSettings, given_ | files), quiet)
        assert "charrnn prepare" not in error.value.hint
    with pytest.raises(UsageError, match="--field has no effect with --task label"):
        resolve_examples("label", "a.tsv", read(TextSettings, {"field": "x"}), quiet)
    with pytest.raises(UsageError, match="is a corpus of examples") as error:
        resolve_corpus("a", TextSettings(), quiet)
    assert "--task label" in error.value.hint
    text, _ = make("a.tsv", name="text")
    with pytest.raises(UsageError, match="is a corpus for text, not for --task label") as error:
        resolve_examples("label", "text", TextSettings(), quiet)
    assert "--task label" in error.value.hint
    assert resolve_corpus("text", TextSettings(), quiet).key == text.key


def test_corpora_show_and_list_it(home):
    """A traceback where somebody looks at what there is."""
    prepared(write(home / "a.tsv", WORDS * 20))
    assert "a" in call_charrnn(home, "corpora").out
    assert call_charrnn(home, "corpora", "show", "a").code == 0


DAMAGE = {
    "examples.bin": [b"", b"\0" * 8, lambda d: d[:-8], lambda d: d[::-1], lambda d: b"\1" + d[1:]],
    "targets.bin": [None, lambda d: d[:-3], lambda d: d[:-4] + b"\xff\xff\xff\xff",
                    lambda d: d[:-4] + b"\7\0\0\0"],
    "tokens.bin": [None, b"", lambda d: d[:-1]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, found in DAMAGE.items() for change in found]
)
def test_a_damaged_file_is_an_error_and_is_prepared_again(home, name, change):
    """Labels that belong to other texts; a crash in the middle of training."""
    corpus = prepared(write(home / "a.tsv", WORDS))
    wanted, path = read_back(corpus), corpus.folder / name
    data = path.read_bytes()
    path.unlink()
    if change is not None:
        path.write_bytes(change if isinstance(change, bytes) else change(data))
    with pytest.raises(TextError, match="is not a prepared corpus"):
        open_corpus(corpus.folder)
    assert read_back(prepared("a.tsv")) == wanted


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@settings(max_examples=40)
@given(name=st.sampled_from(["task", "labels", "examples", "bounds", "tokens"]), value=VALUES)
def test_a_damaged_description_is_an_error(place, name, value):
    """A traceback for a file that somebody has edited."""
    corpus = prepared(write(place / "described.tsv", WORDS))
    path = corpus.folder / "corpus.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, name: value}))
    try:
        opened = open_corpus(corpus.folder)
        assert isinstance(opened, ExampleCorpus)
        assert read_back(opened)
    except TextError as error:
        assert "is not a prepared corpus" in error.message
    finally:
        path.write_text(json.dumps(data))


def test_a_killed_preparation_leaves_no_corpus(home):
    """Half a corpus under its name, which the next command trains on."""
    write(home / "a.tsv", WORDS)
    code = (
        "import os, signal\n"
        "from charrnn.settings import TextSettings\n"
        "from charrnn.text import example_preparation as module\n"
        "module.write_json = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "module.prepare_examples('label', 'a.tsv', TextSettings(), None, lambda _: None)"
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
        found = read_table(*args)
        write(path, [*WORDS, ("de", "see")])
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example_preparation, "read_table", grow)
        with pytest.raises(TextError, match="changed while it was being read"):
            prepared("a.tsv")
    assert corpus_folders() == []
    assert [found.name for found in home.iterdir()] == ["a.tsv"]
