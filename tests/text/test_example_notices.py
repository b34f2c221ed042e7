"""What is said of examples: what was read, a header, swapped columns, too few."""

import pytest

from charrnn.events import Noticed
from tests.text.conftest import prepared


def notices(events):
    """What was said."""
    return [event.message for event in events if isinstance(event, Noticed)]


@pytest.mark.parametrize(
    ("task", "first", "rest", "columns"),
    [
        ("label", "label\ttext", "x\ta{n}\ny\tb{n}\n", "label,text"),
        ("label", "sentiment\treview", "x\ta{n}\ny\tb{n}\n", "sentiment,review"),
        ("tag", "Token\tTag", "a{n}\tO\nb\tX\n\n", "Token,Tag"),
        ("rewrite", "source\ttarget", "a{n}\tb\n", "source,target"),
    ],
)
def test_a_header_is_noticed_and_left_out_where_its_names_are_given(
    home, task, first, rest, columns
):
    """A label called `label`, of one text called `text`."""
    rows = "".join(rest.format(n=n) for n in range(30))
    (home / "h.tsv").write_text(f"{first}\n{rows}")
    events = []
    with_header = prepared("h.tsv", events.append, task=task)
    told = [message for message in notices(events) if "looks like a header" in message]
    assert [f"--columns {columns} leaves it out" in message for message in told] == [True]
    assert with_header.sources == ("h.tsv",)
    (home / "rows.tsv").write_text(rows)
    events.clear()
    corpus = prepared("h.tsv", events.append, task=task, columns=columns)
    plain = prepared("rows.tsv", events.append, task=task)
    assert corpus.target_vocabulary == plain.target_vocabulary
    assert len(corpus.starts) == len(plain.starts)
    assert "header" not in str(notices(events))


def test_swapped_columns_are_noticed(home):
    """A thousand labels of one text each."""
    (home / "s.tsv").write_text("".join(f"text {n}\t{'xy'[n % 2]}\n" for n in range(30)))
    events = []
    prepared("s.tsv", events.append)
    assert "add --columns 2,1" in str(notices(events))
    events.clear()
    corpus = prepared("s.tsv", events.append, columns="2,1")
    assert corpus.target_vocabulary == ("x", "y")
    assert "--columns" not in str(notices(events))


def test_what_was_read_is_said(home):
    """A file of which half was read, and nobody knows."""
    (home / "a.tsv").write_text("en\tsea\n" * 3 + "de\tmeer\n" * 2)
    (home / "v.tsv").write_text("en\tseaö\n")
    events = []
    prepared("a.tsv", events.append, valid="v.tsv")
    said = (
        "6 examples, 2 labels: en 4, de 2; texts of 3 to 4 characters (mean 3.3); "
        "4.8% of the characters are not in the vocabulary."
    )
    assert notices(events) == [said]
    (home / "r.tsv").write_text("ab\tc d\ne\tf\n")
    events.clear()
    prepared("r.tsv", events.append, task="rewrite", split="100/0/0")
    said = "2 examples, 4 symbols: space 1, c 1, d 1, f 1; texts of 1 to 2 characters (mean 1.5); "
    assert notices(events) == [said + "each has 1 to 3 symbols (mean 2.0)."]


def test_few_examples_are_all_for_training(home):
    """A validation of one example, which is right or wrong."""
    (home / "few.tsv").write_text("".join(f"{'xy'[n % 2]}\ta{n}\n" for n in range(30)))
    events = []
    corpus = prepared("few.tsv", events.append)
    assert (corpus.text.split, len(corpus.examples("train"))) == ("100/0/0", 30)
    assert "30 examples are too few to keep some for validation" in notices(events)[0]
    assert len(prepared("few.tsv", split="80/20").examples("valid")) == 6


def test_words_that_training_lacks_have_a_way_out(home):
    """A person who is told what no model can write, but not what to do about it."""
    (home / "w.tsv").write_text("".join(f"a{n}\tb {n}\n" for n in range(60)))
    for unit, told in ("word", True), ("character", False):
        events = []
        prepared("w.tsv", events.append, task="rewrite", target_unit=unit, split="50/50/0")
        doubts = [notice for notice in notices(events) if "No training example" in notice]
        assert any("--target-unit character" in doubt for doubt in doubts) == told
