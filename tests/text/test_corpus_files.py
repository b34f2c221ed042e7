"""Folders of prepared corpora: of all formats, damaged, found and listed."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.tasks import example_format
from charrnn.text.corpus_files import FORMAT, find_corpus, list_corpora, open_corpus
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_files import prepare_examples
from charrnn.text.preparation import corpus_key, prepare
from tests.conftest import tale
from tests.text.conftest import WORDS, make, prepared, read_back, write

OLD = Path(__file__).parent / "format1"
FROZEN = Path(__file__).parent / "format3"


OLD_KEY = "bd6b4953819916e5b5a08862bb0c5973f060ad975706dc5f72f35acf9052b1d7"


def test_a_damaged_corpus_is_refused_and_not_found(home):
    """Half a file of tokens that is trained on; a damaged corpus that hides an intact one."""
    (home / "a.txt").write_text(tale(500))
    corpus, _ = make("a.txt")
    shutil.copytree(corpus.folder, corpus.folder.with_name(f"other-{corpus.key[:8]}"))
    (corpus.folder / "tokens.bin").write_bytes(b"\1\2")
    with pytest.raises(TextError, match=r"is not a prepared corpus: .* not as long") as error:
        open_corpus(corpus.folder)
    assert "prepare the text again" in error.value.hint
    assert find_corpus(corpus.key).name == "other"
    assert [listed.name for listed in list_corpora()] == ["other"]


@pytest.mark.parametrize("number", [0, 4, "2", None])
def test_a_corpus_of_an_unknown_format_is_refused(home, number):
    """The corpus of a later version, read as if it were of this one."""
    (home / "a.txt").write_text(tale(500))
    corpus, _ = make("a.txt")
    path = corpus.folder / "corpus.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": number}))
    with pytest.raises(TextError, match="is not a prepared corpus"):
        open_corpus(corpus.folder)


def test_prepared_corpora_are_listed_with_what_tells_them_apart(home):
    """A list of names alone; one name for two corpora."""
    (home / "a.txt").write_text("hello")
    (home / "b.txt").write_text("héllo wörld")
    for arguments in ({"tokenizer": "char"}, {"tokenizer": "byte"}):
        make("a.txt", **arguments)
    make("a.txt", "b.txt", name="both")
    first, second, third = list_corpora()
    assert {first.name, second.name} == {Path(first.path).name, Path(second.path).name}
    assert {(c.tokenizer, c.vocabulary_size, c.tokens) for c in (first, second)} == {
        ("char", 4, 5), ("byte", 256, 5),
    }  # fmt: skip
    assert (third.name, third.tokens, third.sources) == ("both", 16, ("a.txt", "b.txt"))
    assert open_corpus(Path(third.path)).name == "both"


@pytest.fixture
def old(home):
    """A corpus of format 1, made by charrnn before it had format 2, where corpora lie."""
    shutil.copytree(OLD / "old-bd6b4953", home / "corpora" / "old-bd6b4953")
    shutil.copy(OLD / "old.txt", home)
    return home / "corpora" / "old-bd6b4953"


def test_a_corpus_of_format_1_is_read(old):
    """Every corpus prepared again after an update."""
    corpus = open_corpus(old)
    decode = corpus.tokenizer.decoder()
    text = (OLD / "old.txt").read_bytes().decode()
    assert "".join(decode(int(i)) for i in corpus.tokens) == text
    assert (corpus.text.encoding, corpus.text.split, corpus.sources) == (
        "utf-8",
        "90/5/5",
        ("old.txt",),
    )


def test_a_corpus_of_format_1_keeps_its_key(old):
    """Runs that no longer find the corpus that they were trained on."""
    assert find_corpus(OLD_KEY).folder == old.resolve()
    assert corpus_key(OLD / "old.txt", TextSettings()) == OLD_KEY
    corpus, reused = make("old.txt")
    assert reused
    assert (corpus.key, corpus.folder) == (OLD_KEY, old.resolve())


def test_a_corpus_of_format_1_is_divided_anew(old):
    """A file of two formats at once, which neither version reads."""
    corpus, reused = make("old.txt", split="50/50/0")
    assert reused
    assert open_corpus(old).text.split == corpus.text.split == "50/50/0"
    data = json.loads((old / "corpus.json").read_text())
    shutil.rmtree(old)
    make("old.txt", split="50/50/0")
    assert data == json.loads((old / "corpus.json").read_text())
    assert data["format"] == FORMAT


DAMAGE = {
    "examples.bin": [b"", b"\0" * 8, lambda d: d[:-8], lambda d: d[::-1], lambda d: b"\1" + d[1:]],
    "targets.bin": [None, lambda d: d[:-3], lambda d: d[:-4] + b"\xff\xff\xff\xff",
                    lambda d: d[:-4] + b"\7\0\0\0"],
    "tokens.bin": [None, b"", lambda d: d[:-1]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, changes in DAMAGE.items() for change in changes]
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
def test_a_damaged_description_is_an_error(module_home, name, value):
    """A traceback for a file that somebody has edited."""
    corpus = prepared(write(module_home / "described.tsv", WORDS))
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


SOURCES = {
    "tale-2dcc0a29": "tale.txt", "tale-3411990f": "tale.txt", "tale-7eb6a0e7": "tale.txt",
    "tale-c5943db7": "tale.txt", "label-47aa62a4": "label.tsv", "multi-b12426ff": "multi.tsv",
    "tag-b4fd7bef": "tag.conll", "tag-character-c83e515e": "tag-character.tsv",
    "rewrite-3359da56": "rewrite.tsv",
}  # fmt: skip


@pytest.mark.parametrize("name", [*SOURCES, "features-d3b095e8", "pictures-39447816",
                                  "tale-1069341b", "tale-817f0c43"])  # fmt: skip
def test_a_frozen_corpus_of_todays_format_is_read(name):
    """A format that changes while its number stays."""
    corpus = open_corpus(FROZEN / name)
    assert corpus.key[:8] == name[-8:]
    for part in ("train", "valid", "test"):
        assert len(corpus.part(part))
        assert int(corpus.part(part).max()) < corpus.tokenizer.size


@pytest.mark.parametrize(("name", "source"), SOURCES.items())
def test_a_source_is_prepared_as_the_frozen_corpus_was(home, name, source):
    """Tokens in another order, or another key: every run would lose its corpus."""
    frozen = open_corpus(FROZEN / name)
    task = json.loads((FROZEN / name / "corpus.json").read_text("utf-8")).get("task", "text")
    fmt = example_format(task, frozen.text)
    path = FROZEN / "sources" / source
    if fmt:
        made = prepare_examples(fmt, path, None, lambda _: None)
    else:
        made = prepare([path], frozen.text, None, lambda _: None)
    assert made.folder.name == name
    for file in (FROZEN / name).glob("*.bin"):
        assert file.read_bytes() == (made.folder / file.name).read_bytes(), file.name
