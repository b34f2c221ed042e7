"""Corpora of examples: what lines of a label and a text become, and in which part."""

import hashlib
import random
from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import TextError, UsageError
from charrnn.events import Noticed
from charrnn.files import corpus_folders
from charrnn.settings import TextSettings
from charrnn.tasks import example_format
from charrnn.text import example_files
from charrnn.text.corpus import PARTS
from charrnn.text.examples import checked_examples
from tests.text.conftest import WORDS, make, prepared, read_back, write

WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r"), min_size=1)
LABEL = WORD.filter(
    lambda word: "\t" not in word and not word.startswith("\ufeff") and word == word.strip()
)
EXAMPLES = st.lists(st.tuples(LABEL, WORD), min_size=2, max_size=40).filter(
    lambda examples: len({label for label, _ in examples}) > 1
)


@settings(max_examples=15)
@given(examples=EXAMPLES, end=st.sampled_from(["\n", "\r\n", "\n\n"]), together=st.integers(1, 99))
def test_any_examples_come_back(module_home, examples, end, together):
    """A text with another's label; one that is lost, cut or joined; a tab that ends a text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example_files, "_TOGETHER", together)
        path = write(module_home / "any.tsv", examples, end)
        corpus = prepared(path, split="100/0/0")
        assert Counter(read_back(corpus)) == Counter(examples)
        assert len(corpus.tokens) == sum(len(corpus.ids(n)) for n in corpus.examples("train"))
        assert corpus.target_vocabulary == tuple(sorted({label for label, _ in examples}))
        byte = prepared(path, split="100/0/0", tokenizer="byte")
        assert Counter(read_back(byte)) == Counter(examples)


@settings(max_examples=15)
@given(
    examples=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("uvwxyz")), max_size=40),
    split=st.sampled_from(["90/5/5", "50/25/25", "34/33/33", "60/40", "100/0"]),
)
def test_no_text_is_in_two_parts(module_home, examples, split):
    """A validation text that was trained on, once with this label and once with that."""
    examples = [("a", "u"), ("b", "u"), ("a", "long"), ("b", "longer"), *examples]
    path = write(module_home / "parts.tsv", examples)
    try:
        corpus = prepared(path, split=split, tokenizer="byte")
    except TextError as error:
        assert "to learn from" in error.message
        return
    parts = [read_back(corpus, part) for part in PARTS]
    assert Counter(chain(*parts)) == Counter(examples)
    texts = [{text for _, text in part} for part in parts]
    assert sum(map(len, texts)) == len(set.union(*texts))
    ranges = [corpus.examples(part) for part in PARTS]
    assert [after.start for after in ranges[1:]] == [before.stop for before in ranges[:-1]]


def notices(events):
    """What was said."""
    return [event.message for event in events if isinstance(event, Noticed)]


def digest(text):
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def test_the_order_is_the_same_everywhere_and_by_chance(home):
    """Other parts on another machine, or of another order of lines; a part of one label alone."""
    examples = [("ab"[number > 49], str(number)) for number in range(100)]
    first = read_back(prepared(write(home / "a.tsv", examples)))
    wanted = sorted((text for _, text in examples), key=digest)
    assert [text for _, text in first] == wanted
    assert wanted[:3] == ["38", "22", "18"]
    assert {label for label, _ in first[:10]} == {"a", "b"}
    random.Random(1).shuffle(examples)
    assert read_back(prepared(write(home / "b.tsv", examples))) == first


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sea", "line 3 has no tab"),
        ("\tsea", "line 3 has no label"),
        ("en\t", "line 3 has no text"),
        ("en\t\r", "line 3 has no text"),
    ],
)
def test_an_error_names_the_line(home, line, message):
    """An error in a million lines that somebody has to find; half a corpus that stays."""
    (home / "a.tsv").write_text(f"en\tking\n\n{line}\nde\tmeer\n", newline="")
    with pytest.raises(TextError, match=rf"a\.tsv, {message}"):
        prepared("a.tsv")
    assert [path.name for path in home.iterdir()] == ["a.tsv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\n", "no example in a.tsv"),
        ("en\tsea\nen\tking\n", "all examples have the label en"),
        ("en\tsea\nde\tsea\n", None),
        ("en\tsea\nde\tmeer\n", "a.tsv has 1 example to learn from"),
    ],
)
def test_too_little_is_an_error(home, text, message):
    """A network that has nothing to tell apart, or one example."""
    (home / "a.tsv").write_text(text)
    if message is None:  # equal texts stay together
        assert len(prepared("a.tsv", split="50/50").examples("train")) == 2
        return
    with pytest.raises(TextError, match=message):
        prepared("a.tsv", split="50/50")
    assert corpus_folders() == []


def test_a_label_that_is_not_text_is_an_error(home):
    """A label of bytes that no terminal and no JSON can show."""
    (home / "a.tsv").write_bytes(b"en\tsea\nd\xe9\tmeer\n")
    with pytest.raises(TextError, match=r"a\.tsv, line 2 has a label that is not UTF-8"):
        prepared("a.tsv", tokenizer="byte")
    with pytest.raises(TextError, match="is not utf-8: byte 8"):
        prepared("a.tsv")
    assert prepared("a.tsv", encoding="latin-1").target_vocabulary == ("dé", "en")


def test_files_of_their_own_are_the_parts(home):
    """A validation text that is trained on; a --split that has no effect."""
    write(home / "a.tsv", WORDS)
    write(home / "v.tsv", [("fr", "roi"), ("en", "sea")])
    write(home / "t.tsv", [("de", "see")])
    events = []
    corpus = prepared("a.tsv", events.append, valid="v.tsv", test="t.tsv", tokenizer="byte")
    assert Counter(read_back(corpus, "train")) == Counter(WORDS)
    assert set(read_back(corpus, "valid")) == {("fr", "roi"), ("en", "sea")}
    assert read_back(corpus, "test") == [("de", "see")]
    assert corpus.sources == ("a.tsv", "v.tsv", "t.tsv")
    assert notices(events) == [
        "Training has the text of 1 of the examples of --valid and --test.",
        "18 examples, 3 labels: de 7, en 7, fr 4; texts of 3 to 6 bytes (mean 3.8).",
    ]
    with pytest.raises(UsageError, match="--split has no effect"):
        corpus.with_split("50/50")
    assert corpus.with_split(corpus.text.split) is corpus
    other = prepared("a.tsv", test="v.tsv", tokenizer="byte")
    assert (len(other.examples("valid")), len(other.examples("test"))) == (0, 2)
    assert len({other.key, corpus.key, prepared("a.tsv", tokenizer="byte").key}) == 3


def test_a_label_that_training_lacks_is_in_the_vocabulary(home):
    """An error for a label that is wrong each time; a label that nobody hears of."""
    write(home / "a.tsv", WORDS)
    write(home / "v.tsv", [("fr", "roi"), ("it", "mare")])
    events = []
    assert "it" in prepared("a.tsv", events.append, valid="v.tsv").target_vocabulary
    assert Noticed("No training example has the label it.") in events


def test_a_label_without_a_training_example_is_said(home):
    """An accuracy that cannot be reached, and nobody knows why."""
    write(home / "a.tsv", [(str(number), f"text {number}") for number in range(10)])
    events = []
    corpus = prepared("a.tsv", events.append, split="80/10/10")
    missing = ", ".join(sorted(label for label, _ in read_back(corpus, "valid", "test")))
    assert notices(events)[:-1] == [f"No training example has the label {missing}."]


@pytest.mark.parametrize("tokenizer", ["char", "byte", "bpe"])
def test_the_vocabulary_is_of_training_texts(home, tokenizer):
    """Tokens that no training example has; a text without tokens, which no network can read."""
    write(home / "a.tsv", [*WORDS, ("en", "the sea and the king " * 9)])
    write(home / "v.tsv", [("en", "qsea"), ("en", "日本"), ("de", "meer")])
    corpus = prepared("a.tsv", valid="v.tsv", tokenizer=tokenizer)
    texts = {text for _, text in read_back(corpus, "valid")}
    first = corpus.tokenizer.symbols[0]
    wanted = {"sea", first, "meer"} if tokenizer == "char" else {"qsea", "日本", "meer"}
    assert texts == wanted
    if tokenizer == "char":
        assert corpus.tokenizer.characters == "".join(
            sorted({c for _, text in [*WORDS, ("", " th")] for c in text} | set("and"))
        )


def test_a_corpus_of_another_format_is_refused(home):
    """Labels read as tags, because somebody has edited corpus.json."""
    corpus = prepared(write(home / "a.tsv", WORDS))
    label = example_format("label", TextSettings())
    assert checked_examples(corpus, label) is corpus
    others = [example_format(task, TextSettings()) for task in ("tag", "rewrite", "caption")]
    wrong = [(corpus, fmt) for fmt in others]
    wrong += [(replace(corpus, targets=corpus.targets[:-1]), label), (make("a.tsv")[0], label)]
    for other, fmt in wrong:
        with pytest.raises(TextError, match="is not a corpus for --task"):
            checked_examples(other, fmt)
