"""Files of tags, pairs and pictures: what becomes of them, and errors that name the line."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import TextError, UsageError
from charrnn.events import Noticed
from charrnn.settings import TextSettings
from charrnn.tasks import example_format
from charrnn.text.tokenizers import Bytes
from charrnn.text.unknown import space_of, spans_of_tokens
from tests.text.conftest import prepared

TOKEN = st.text("abç ", min_size=1).map(lambda text: text.replace(" ", "_"))
SENTENCES = st.lists(
    st.lists(st.tuples(TOKEN, st.sampled_from(["O", "B-x", "I-x"])), min_size=1, max_size=5),
    min_size=3, max_size=9,
)  # fmt: skip


def examples_of(corpus):
    """The text and the targets of each example."""
    decoder, examples = corpus.tokenizer.decoder, []
    for number in range(len(corpus.starts) - 1):
        text = "".join(map(decoder(), corpus.ids(number).tolist()))
        examples.append((text, [corpus.target_vocabulary[n] for n in corpus.targets_of(number)]))
    return sorted(examples)


@settings(max_examples=20)
@given(sentences=SENTENCES, gap=st.sampled_from(["\n", "\n\n\n", "\r\n"]))
def test_sentences_come_back(module_home, sentences, gap):
    """A tag that is another token's; a sentence that is joined to the next."""
    sentences = [*sentences, [("one", "O"), ("two", "B-x")]]
    text = gap.join(
        "".join(f"{token}\t{tag}\n" for token, tag in sentence) for sentence in sentences
    )
    (module_home / "s.conll").write_text(text, "utf-8", newline="")
    for tokenizer in ("char", "byte"):
        corpus = prepared(module_home / "s.conll", task="tag", split="100/0/0", tokenizer=tokenizer)
        columns = [zip(*sentence, strict=True) for sentence in sentences]
        expected = [(" ".join(tokens), [*tags]) for tokens, tags in columns]
        assert examples_of(corpus) == sorted(expected)
        for number in range(len(sentences)):
            ids = corpus.ids(number)
            first, last = spans_of_tokens(ids, space_of(corpus.tokenizer))
            assert len(first) == len(corpus.targets_of(number))
            assert (first <= last).all()


@pytest.mark.parametrize(
    ("task", "given", "text", "message"),
    [
        ("tag", {}, "a\tO\n\nb\n", "line 3 has no tab"),
        ("tag", {}, "a\tO\nb c\tO\n", "line 2 has a token with a space"),
        ("tag", {}, "a\tO\nb\t\n", "line 2 has no tab and no tag"),
        ("tag", {}, "\tO\n", "line 1 has no token"),
        ("tag", {}, "a\tO\n\nb\tO\n", "all examples have the tag O"),
        ("tag", {"tag_unit": "character"}, "ab\tNN\nabc\tNN\n", "line 2 has 3 characters and 2"),
        ("rewrite", {}, "a\tb\nc\n", "line 2 has no tab"),
        ("rewrite", {}, "a\tb\n\tc\n", "line 2 has no source"),
        ("rewrite", {"target_unit": "word"}, "a\tb\nc\t  \n", "line 2 has no target"),
        ("rewrite", {}, "a\tb\n", "1 example to learn from"),
        ("caption", {}, "none.npy\tb\n", "line 1: .*none.npy"),
        ("label", {"multi_label": True}, "a,,b\tx\n", "line 1 has an empty label"),
    ],
)
def test_an_error_names_the_line(home, task, given, text, message):
    """A line that is skipped in silence, or a traceback."""
    (home / "bad.tsv").write_text(text, "utf-8")
    with pytest.raises(TextError, match=message):
        prepared(home / "bad.tsv", task=task, split="100/0/0", **given)


def test_columns_and_documents_of_conll(home):
    """The second of four columns taken for the tag; a line between documents taken for a token."""
    text = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects V B-VP O\n\nBrussels NNP I-NP B-LOC\n"
    (home / "c.conll").write_text(text, "utf-8")
    corpus = prepared(home / "c.conll", task="tag", split="100/0/0")
    assert examples_of(corpus) == [("Brussels", ["B-LOC"]), ("EU rejects", ["B-ORG", "O"])]


def test_a_target_that_training_lacks_is_noticed(home):
    """A rare tag of a validation file that stops everything; or of which nobody learns."""
    (home / "t.tsv").write_text("ab\tx\ncd\ty\n", "utf-8")
    (home / "v.tsv").write_text("ab\txz\n", "utf-8")
    events = []
    corpus = prepared(home / "t.tsv", events.append, task="rewrite", valid=home / "v.tsv")
    assert corpus.target_vocabulary == ("x", "y", "z")
    told = [event.message for event in events if isinstance(event, Noticed)]
    assert "No training example has the symbol z." in told


def test_changed_pictures_are_prepared_again(home):
    """A corpus of pictures that are others now."""
    np.save(home / "a.npy", np.zeros((1, 2)))
    np.save(home / "b.npy", np.ones((1, 2)))
    (home / "l.tsv").write_text("a.npy\tx\nb.npy\ty\n", "utf-8")
    keys = []
    for value in (1.0, 1.0, 2.0):
        np.save(home / "b.npy", np.full((1, 2), value))
        keys.append(prepared(home / "l.tsv", task="caption", split="100/0/0").key)
    assert keys[0] == keys[1] != keys[2]
    np.save(home / "b.npy", np.ones((3, 2)))
    with pytest.raises(TextError, match=r"line 2: .*has the shape \(3, 2\)"):
        prepared(home / "l.tsv", task="caption", split="100/0/0")


def test_settings_that_do_not_fit_are_errors():
    """Tags of subwords; a vocabulary of pictures."""
    for chosen in ({"tokenizer": "bpe"}, {"tokenizer": "byte", "tag_unit": "character"}):
        with pytest.raises(UsageError, match="--task tag cannot use --tokenizer"):
            example_format("tag", TextSettings(**chosen))
    assert Bytes(False, False).size == 256
