"""Formats of examples: the same examples in each of them, which one a file has, and errors."""

import csv
import io
import json
from itertools import chain

import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import CharRNNError, TextError
from charrnn.settings import TextSettings
from charrnn.tasks import example_format
from charrnn.text.example_formats import recognized
from tests.text.conftest import prepared, read_back

WHOLE = "100/0/0"
WORDS = st.text("ab,;\"'\té{}[] \n", min_size=1, max_size=9).filter(str.strip)
EXAMPLES = st.lists(st.tuples(st.sampled_from(["x", "y, z", '"q"']), WORDS), min_size=2, max_size=9)


def as_csv(rows, delimiter=","):
    """Rows as Python's csv writes them."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return file.getvalue()


def as_json(names, rows):
    """Rows as lines of JSON."""
    return "".join(f"{json.dumps(dict(zip(names, row, strict=True)))}\n" for row in rows)


@settings(max_examples=8)
@given(examples=EXAMPLES)
def test_any_text_comes_back_from_csv_and_json(module_home, examples):
    """A line end or a tab within quotes that ends an example; a third column in a target."""
    examples = [("x", "a"), ("y, z", "b"), *examples]
    backward = [(text, "7", label) for label, text in examples]
    files = {
        "own.csv": (as_csv([("label", "text"), *examples]), {}),
        "semicolon.csv": (as_csv([("label", "text"), *examples], ";"), {}),
        "tab.txt": (as_csv(examples, "\t"), {"format": "csv"}),
        "named.csv": (as_csv([("t", "n", "l"), *backward]), {"columns": "l,t"}),
        "numbered.csv": (as_csv(backward), {"columns": "3,1"}),
        "own.jsonl": (as_json(("label", "text"), examples), {}),
        "named.txt": (as_json(("t", "n", "l"), backward), {"columns": "l,t"}),
    }
    for name, (written, flags) in files.items():
        (module_home / name).write_text(written, "utf-8", newline="")
        corpus = prepared(module_home / name, split=WHOLE, tokenizer="byte", **flags)
        assert sorted(read_back(corpus)) == sorted(examples), name


def test_the_same_sentences_in_every_format(home):
    """A comment or a range of CoNLL-U read as a token; the last of ten columns as the tag."""
    sentences = [[("the", "DET"), ("de la", "ADP")], [("#", "SYM")], [("x", "X"), ("y", "O")]]
    rest = "\t_\t_\t_\t_\t_\t_\n"
    conllu = "# newdoc\n"
    for sentence in sentences:
        conllu += f"# text = {sentence[0][0]}\n1-2\tdu\t_\t_{rest}"
        for number, (token, tag) in enumerate(sentence, 1):
            conllu += f"{number}\t{token}\t{token}\t{tag}{rest}"
        conllu += f"9.1\tz\tz\tZ{rest}\n"
    one_word = [[(token.replace(" ", "\xa0"), tag) for token, tag in row] for row in sentences]
    lists = [[*map(list, zip(*sentence, strict=True))] for sentence in one_word]
    rows = [*chain.from_iterable([*sentence, ()] for sentence in one_word)]
    spaced = "".join(
        " ".join([*row[:1], "_", *row[1:]]) + " \n" if row else " \t\n" for row in rows
    )
    files = {
        "a.conllu": (conllu, {}),
        "form.txt": (conllu, {"columns": "2,UPOS"}),
        "a.conll": ("".join(" \t".join(row) + "\t\n" for row in rows), {}),
        "spaces.txt": (spaced, {}),
        "third.txt": (spaced, {"columns": "1,3"}),
        "a.csv": (as_csv([("token", "tag"), *rows]), {}),
        "a.jsonl": (as_json(("tokens", "tags"), lists), {}),
    }
    for name, (written, flags) in files.items():
        (home / name).write_text(written, "utf-8")
        corpus = prepared(home / name, task="tag", split=WHOLE, **flags)
        decode = corpus.tokenizer.decoder()
        found = [
            [*zip(
                "".join(map(decode, corpus.ids(n).tolist())).split(" "),
                [corpus.target_vocabulary[tag] for tag in corpus.targets_of(n)],
                strict=True,
            )]
            for n in range(3)
        ]  # fmt: skip
        assert sorted(found) == sorted(one_word), name


@pytest.mark.parametrize(
    ("written", "multi", "labels"),
    [
        ("__label__x a b\n__label__y c\n", False, ("x", "y")),
        ("__label__x a b __label__z\n__label__y c\n", True, ("x", "y", "z")),
    ],
)
def test_fasttext(home, written, multi, labels):
    """A label with its prefix; a label that stays in the text."""
    (home / "f.txt").write_text(written)
    corpus = prepared("f.txt", split=WHOLE, multi_label=multi)
    assert corpus.target_vocabulary == labels
    assert corpus.tokenizer.characters == " abc"


@pytest.mark.parametrize(
    ("task", "name", "lines", "expected"),
    [
        ("label", "a.csv", ["x\thello, you", "y\tno"], "tsv"),
        ("label", "a.csv", ["x,hello"], "csv"),
        ("label", "a.csv.gz", ['x,"a\tb"'], "csv"),
        ("label", "a.csv", ['x\t"a,b"'], "tsv"),
        ("label", "a.csv", ['x,"never ends', "y,b"], "csv"),
        ("label", "a.txt", ["x,hello", "y,no"], "csv"),
        ("label", "a.txt", ["x,hello", "y,no, no"], "tsv"),
        ("label", "a.txt", ['{"label": 1}'], "jsonl"),
        ("label", "a.txt", ['{"label"\ttext'], "tsv"),
        ("label", "a.txt", ["__label__x\ttext"], "tsv"),
        ("label", "a.txt", [], "tsv"),
        ("rewrite", "a.txt", ["__label__x a"], "tsv"),
        ("tag", "a.txt", ["a O", ", O"], "conll"),
        ("tag", "a.txt", ["1\ta\tO"], "conll"),
        ("tag", "a.csv", ["Sentence #,Word,Tag"], "csv"),
    ],
)
def test_a_file_is_another_format_only_where_it_cannot_be_its_tasks_own(
    task, name, lines, expected
):
    """A file that was read for years and is another one today: commas in a text."""
    fmt = example_format(task, TextSettings())
    assert recognized(lines, name, fmt.lines.layout) == expected


@pytest.mark.parametrize(
    ("task", "name", "text", "given", "message"),
    [
        ("rewrite", "a.tsv", "a\tb\tCC-BY\n", {}, "line 1 has 3 columns, not 2"),
        ("label", "a.csv", "id,kind,text\n1,x,a\n", {}, "has 3 columns: id, kind, text"),
        ("label", "a.csv", "id,kind,text\n1,x,a\n", {"columns": "k,text"}, "has no column k"),
        ("label", "a.csv", "1,x,a\n\n2,y\n", {"columns": "2,3"}, "line 3 has 2 columns, not 3"),
        ("label", "a.csv", "x,a\n\ny,b\nz\n", {}, "line 4 has 1 column, not 2"),
        ("label", "a.csv", 'x,a\n\ny,"b\nz,c\n', {}, "line 3 is not CSV"),
        ("label", "a.csv", 'label,text\n"x\ny",b\n', {}, "line 2 has a label of several lines"),
        ("label", "a.csv", "x,a\n", {"columns": "x"}, "names one column"),
        ("label", "a.jsonl", '{"label": "x", "text": "b"}\n[]\n', {}, "line 2 is not a JSON"),
        ("label", "a.jsonl", '{"label": "x", "text": "b"}\n{\n', {}, "line 2 is not JSON"),
        ("label", "a.jsonl", '{"label": "x"}\n', {}, "line 1 has no column text"),
        ("label", "a.jsonl", '{"label": null, "text": "b"}\n', {}, "line 1 has null where a text"),
        ("label", "a.jsonl", '{"label": "\\ud800", "text": "b"}\n', {}, "half of a surrogate"),
        ("label", "a.txt", "__label__x __label__y a\n", {}, "line 1 has several labels"),
        ("label", "a.txt", "a\tb\n", {"format": "conllu"}, "--format conllu does not hold"),
        ("tag", "a.jsonl", '{"tokens": ["a"], "tags": []}\n', {}, "no lists of one length"),
        ("tag", "a.txt", "a\tO\n", {"format": "conllu"}, "line 1 has 2 columns"),
    ],
)  # fmt: skip
def test_an_error_says_what_is_wrong_and_what_to_do(home, task, name, text, given, message):
    """A traceback; an example that is left out in silence."""
    (home / name).write_text(text, "utf-8")
    with pytest.raises(CharRNNError, match=message) as failure:
        prepared(name, task=task, split=WHOLE, **given)
    assert failure.value.hint


def test_a_file_of_blank_lines_has_no_example(home):
    """A sentence of nothing."""
    for task in ("label", "tag", "rewrite"):
        (home / "b.tsv").write_text(" \n\t\n\xa0\n", "utf-8")
        with pytest.raises(TextError, match="no example in"):
            prepared("b.tsv", task=task)
