"""The corpus that a word on the command line means."""

import pytest

from charrnn.errors import UsageError
from charrnn.events import Noticed
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings, read
from charrnn.tasks import example_format
from charrnn.text.corpus_files import open_corpus
from charrnn.text.preparation import prepare
from charrnn.text.resolving import resolve
from tests.conftest import tale
from tests.text.conftest import WORDS, make, quiet, write


def resolved(name, given_=None, **files):
    """The corpus of labels that `charrnn train NAME` means, with some settings."""
    wanted = read(TextSettings, (given_ or {}) | files)
    return resolve(name, wanted, quiet, example_format("label", wanted))


def test_what_train_names_is_resolved(home):
    """A corpus of another task that is trained on; a flag that has no effect."""
    write(home / "a.tsv", WORDS)
    corpus = resolved("a.tsv")
    folder = str(corpus.folder)
    for name in ("a", folder, corpus.folder.name):
        assert resolved(name).key == corpus.key
    split = {"split": "60/40"}
    divided = resolved("a", split)
    assert (divided.text.split, divided.key) == ("60/40", corpus.key)
    byte = {"tokenizer": "byte"}
    for given_, files, message in [
        (byte, {}, "is prepared with --tokenizer char"),
        ({}, {"valid": "a.tsv"}, "is prepared without --valid"),
        (split, {"test": "a.tsv"}, "--split has no effect with --valid or --test"),
    ]:
        with pytest.raises(UsageError, match=message) as error:
            resolved(folder, given_, **files)
        assert "charrnn prepare" not in error.value.hint
    with pytest.raises(UsageError, match="--field has no effect with --task label"):
        resolved("a.tsv", {"field": "x"})
    with pytest.raises(
        UsageError, match="is a corpus for --task label, not for --task text"
    ) as error:
        resolve("a", TextSettings(), quiet)
    assert "--task label" in error.value.hint
    text, _ = make("a.tsv", name="text")
    with pytest.raises(UsageError, match="is a corpus for --task text, not for --task label"):
        resolved("text")
    assert resolve("text", TextSettings(), quiet).key == text.key


def said(name, **settings):
    """What is noticed where `charrnn train NAME` finds its text."""
    events = []
    corpus = resolve(name, read(TextSettings, settings), events.append)
    return corpus, [event.message for event in events if isinstance(event, Noticed)]


def test_what_a_name_means_besides_is_said(home):
    """A folder that silently wins over the prepared corpus of its name."""
    (home / "moses").mkdir()
    (home / "moses/a.txt").write_text(tale(900))
    (home / "other.txt").write_text(tale(900, seed=2))
    other, _ = make("other.txt", name="moses")
    corpus, told = said("moses")
    assert corpus.key != other.key
    assert told == [
        f"moses is the folder moses here. Write {other.folder.name} for the prepared corpus."
    ]
    corpus, told = said(other.folder.name)
    assert (corpus.folder, told) == (other.folder, [])
    (home / "brackets").mkdir()
    path = "corpora/catalog/brackets.txt"
    assert said("brackets")[1] == [
        f"brackets is the file {path} here. Write ./brackets for the folder."
    ]
    (home / "tale").write_text(tale(900))
    for _ in range(2):
        assert said("tale")[1] == []


def test_a_part_that_would_be_empty_is_said(home):
    """The `o` of hello, which is in the vocabulary and in no part that is trained on."""
    (home / "hello.txt").write_text("hello")
    corpus, told = said("hello.txt")
    assert (corpus.text.split, "".join(corpus.tokenizer.symbols)) == ("100/0/0", "ehlo")
    assert len(corpus.part("train")) == 5
    assert [message.partition(":")[0] for message in told] == [
        "5 tokens are too few to keep some for validation and test"
    ]
    corpus, told = said("hello.txt", split="90/5/5")
    assert len(corpus.part("train")) == 4
    assert told == ["With --split 90/5/5 no example or token of hello.txt is for valid and test."]
    (home / "long.txt").write_text(tale(900))
    assert (said("long.txt")[0].text.split, said("long.txt")[1]) == ("90/5/5", [])


def test_a_split_is_changed_only_when_asked_to(home):
    """Held-out text that is trained on because a second command left --split out."""
    (home / "a.txt").write_text(tale(1000))
    make("a.txt", split="60/20/20")
    corpus = prepare(["a.txt"], TextSettings(), None, quiet, update_split=False)
    assert corpus.text.split == "60/20/20"
    assert resolve("a.txt", TextSettings(), quiet).text.split == "60/20/20"
    split = {"split": "50/50/0"}
    assert resolve("a.txt", read(TextSettings, split), quiet).text.split == "50/50/0"
    assert open_corpus(corpus.folder).text.split == "60/20/20", "training divides for itself alone"


def test_a_prepared_corpus_with_another_tokenizer_is_an_error(home):
    """A --tokenizer that has no effect: a character model in place of the byte model."""
    (home / "a.txt").write_text(tale(1000))
    corpus, _ = make("a.txt")
    byte = {"tokenizer": "byte"}
    with pytest.raises(UsageError, match="prepared with --tokenizer char") as error:
        resolve(str(corpus.folder), read(TextSettings, byte), quiet)
    assert "--tokenizer byte" in error.value.hint
    same = resolve(str(corpus.folder), read(TextSettings, {"tokenizer": "char"}), quiet)
    assert same.key == corpus.key


@pytest.mark.parametrize(
    ("prepared_with", "wanted", "message"),
    [
        ({}, {"document_per": "line"}, "prepared without --document-per"),
        ({"newlines": "lf"}, {"newlines": "keep"}, "prepared with --newlines lf"),
        ({"min_count": 2}, {"min_count": 3}, "prepared with --min-count 2"),
        ({}, {"encoding": "latin-1"}, "prepared with --encoding utf-8"),
    ],
)
def test_a_prepared_corpus_with_another_setting_is_an_error(home, prepared_with, wanted, message):
    """A setting that has no effect, because the text was read long ago."""
    (home / "a.txt").write_text(tale(1000))
    corpus, _ = make("a.txt", **prepared_with)
    with pytest.raises(UsageError, match=message):
        asked = TextSettings(**{**prepared_with, **wanted}).with_names(wanted, wanted)
        resolve(str(corpus.folder), asked, quiet)
    same = {**prepared_with, "encoding": "UTF8"}
    again = resolve(str(corpus.folder), read(TextSettings, same), quiet)
    assert again.key == corpus.key


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab_size": 500}, "--vocab-size has no effect with --tokenizer char"),
        ({"min_count": 2, "tokenizer": "byte"}, "--min-count has no effect with --tokenizer byte"),
        ({"include": "*.c"}, "--include has no effect with texts of which none is a folder"),
        ({"document_per": ""}, "'' is not a separator"),
    ],
)
def test_a_setting_without_effect_is_an_error(home, settings, message):
    """A flag that somebody relies on, and that does nothing."""
    (home / "a.txt").write_text(tale(1000))
    with pytest.raises(UsageError, match=message):
        resolve("a.txt", read(TextSettings, settings), quiet)
    assert corpus_folders() == []
