"""Every task from the command line: train, predict, eval, resume, repeat."""

import json
import random
import re
import shlex

import pytest

import charrnn
from tests.conftest import call_charrnn, lines
from tests.tasks.examples import PAIRS

SMALL = ["--hidden-size", "32", "--batch-size", "16", "--device", "cpu"]


@pytest.fixture(scope="module", params=PAIRS)
def pair(request):
    """Each output with each input that makes sense with it; its run is called so."""
    return request.param


@pytest.fixture(scope="module")
def home(pair, tmp_path_factory):
    """A folder with a trained run, called as its pair, and new examples."""
    folder = tmp_path_factory.mktemp(pair)
    (folder / "examples.tsv").write_text(PAIRS[pair].write(folder, 300), "utf-8")
    steps = {"rewrite": "100", "picture-label": "20"}.get(pair, "60")
    flags = [*PAIRS[pair].flags, *SMALL, "--steps", steps, "--precision", "fp32"]
    named = ["--split", "80/10/10", "--run", pair]
    done = call_charrnn(folder, "train", "examples.tsv", *flags, *named)
    assert done.code == 0, done.err
    return folder


def inputs_of(pair, home):
    """The inputs of the examples and their targets, as lines."""
    task = PAIRS[pair].task
    text = (home / "examples.tsv").read_text("utf-8")
    if pair == "tag":
        columns = [zip(*(row.split("\t") for row in part.split("\n")), strict=True)
                   for part in text.strip().split("\n\n")]  # fmt: skip
        return [tuple(map(" ".join, sentence)) for sentence in columns]
    pairs = [line.split("\t") for line in text.splitlines()]
    return [(b, a) for a, b in pairs] if task == "label" else pairs


def test_lines_in_predictions_out(pair, home):
    """Predictions that are not those of their lines, or that come in another order."""
    pairs = inputs_of(pair, home)[:90]
    given = "".join(f"{text}\n" for text, _ in pairs)
    done = call_charrnn(home, "predict", stdin=given)
    assert (done.code, done.err) == (0, f"Run {pair} predicts.\n")
    found = done.out.splitlines()
    assert sum(a == b for a, (_, b) in zip(found, pairs, strict=True)) > 40
    (home / "lines.txt").write_text(given, "utf-8")
    for args in ([pair, "lines.txt"], ["lines.txt"], [pair, "-"]):
        assert call_charrnn(home, "predict", *args, stdin=given).out == done.out
    records = list(lines(call_charrnn(home, "predict", "--json", stdin=given).out))
    assert len(records) == len(pairs)


def test_python_predicts_the_same(pair, home, monkeypatch):
    """A Python interface that loads a model of text, or another network than the command."""
    monkeypatch.chdir(home)
    texts = [text for text, _ in inputs_of(pair, home)[:20]]
    done = call_charrnn(home, "predict", stdin="\n".join(texts))
    model = charrnn.load(pair)
    assert [found.line for found in model.predict(texts)] == done.out.splitlines()
    assert PAIRS[pair].task in repr(model)


def test_scores_of_a_part_and_of_a_file(pair, home):
    """Figures of other examples than those that are named."""
    part = json.loads(call_charrnn(home, "eval", "--json").out)
    assert part["part"] == "test"
    file = json.loads(call_charrnn(home, "eval", pair, "examples.tsv", "--json").out)
    assert (file["source"], file["run"]) == ("examples.tsv", pair)
    assert 0 < file["loss"] < 0.7
    shown = call_charrnn(home, "eval", pair, "examples.tsv").out
    assert shown.count("bits per") == 1
    assert shown.count("%") <= 2


def test_a_header_is_noticed_where_a_file_is_scored(pair, home):
    """An accuracy with a label called `label`; notices of line ends, which no example has."""
    headers = {"label": ("kind\tmessage\n", "kind,message"), "tag": ("token\ttag\n", "token,tag"),
               "rewrite": ("source\ttarget\n", "source,target")}  # fmt: skip
    if pair not in headers:
        (home / "odd.tsv").write_text("nowhere.png\tnowhere.png\n", "utf-8")
        assert "odd.tsv, line 1: " in call_charrnn(home, "eval", pair, "odd.tsv").err
        return
    header, columns = headers[pair]
    examples = (home / "examples.tsv").read_text("utf-8")
    (home / "headed.tsv").write_text((header + examples).replace("\n", "\r\n"), "utf-8", newline="")
    flagged = call_charrnn(home, "eval", pair, "headed.tsv")
    assert f"--columns {columns} leaves it out" in flagged.err
    assert "line ends" not in flagged.err
    done = call_charrnn(home, "eval", pair, "headed.tsv", "--columns", columns, "--json")
    plain = call_charrnn(home, "eval", pair, "examples.tsv", "--json")
    assert "header" not in plain.err
    assert json.loads(done.out) | {"source": ""} == json.loads(plain.out) | {"source": ""}


def test_the_examples_that_are_wrong_are_shown(pair, home):
    """A line of another example; a right one among them; the best of them first."""
    text, (source, true) = (home / "examples.tsv").read_text("utf-8"), inputs_of(pair, home)[0]
    odd = f"{source}\t{' '.join('Ω' for _ in true.split())}\n"
    if PAIRS[pair].task == "label":
        odd = f"Ω\t{source}\n"
    if pair == "tag":
        odd = "".join(f"{token}\tΩ\n" for token in source.split()) + "\n"
    (home / "odd.tsv").write_text(odd + text, "utf-8")
    score = json.loads(call_charrnn(home, "eval", pair, "odd.tsv", "--json").out)
    wrong = lines(call_charrnn(home, "eval", pair, "odd.tsv", "--per", "line", "--json").out)
    assert list(wrong[0]) == ["line", "source", "target", "prediction", "bits"]
    assert (wrong[0]["line"], wrong[0]["bits"]) == (1, None)
    assert {*wrong[0]["target"].split()} == {"Ω"}
    assert all(one["target"] != one["prediction"] for one in wrong)
    bits = [one["bits"] for one in wrong[1:]]
    assert bits == sorted(bits, reverse=True)
    if "exact_match" in score:
        assert len(wrong) == round(score["texts"] * (1 - score["exact_match"]))
    if "examples" in score:
        assert len(wrong) == round(score["examples"] * (1 - score["accuracy"]))
    shown = call_charrnn(home, "eval", pair, "--per", "line").out
    assert re.search(r"\d+ of \d+ examples wrong", shown)
    assert json.loads(call_charrnn(home, "predict", "--json", stdin=source).out).keys() >= {
        "line", "source", "prediction", "probability",
    }  # fmt: skip


def test_a_run_is_resumed_and_repeated(pair, home):
    """A printed command that is refused, or that trains something else."""
    flags = [*PAIRS[pair].flags, *SMALL, "--steps", "6", "--split", "80/10/10", "--run", "first"]
    first = call_charrnn(home, "train", "examples.tsv", *flags)
    command = next(line for line in first.err.splitlines() if line.startswith("  charrnn train"))
    again = [*shlex.split(command)[1:], "--run", "again", "--device", "cpu"]
    done = call_charrnn(home, *again)
    assert done.code == 0, done.err
    ends = [
        next(line for line in text.splitlines() if ", best at step " in line)
        for text in (first.err, done.err)
    ]
    assert ends[0] == ends[1]
    done = call_charrnn(home, "train", "--resume", "--run", "again", "--steps", "9")
    assert done.code == 0, done.err


def test_runs_are_fine_tuned_compared_swept_and_listed(pair, home):
    """A command that knows texts alone."""
    small = ["--steps", "2", "--batch-size", "8", "--device", "cpu", "--split", "80/10/10"]
    flags = [*PAIRS[pair].flags, "--hidden-size", "8", *small]
    task = PAIRS[pair].task
    for args in (
        ["train", "examples.tsv", "--task", task, "--from", pair, "--run", f"{pair}-2", *small],
        ["train", "examples.tsv", "--seeds", "2", *flags],
        ["sweep", "examples.tsv", "--seeds", "1", *flags],
        ["compare", pair, f"{pair}-2"], ["inspect", pair], ["runs"],
    ):  # fmt: skip
        done = call_charrnn(home, *args)
        assert done.code == 0, done.err
    shown = call_charrnn(home, "inspect", f"{pair}-2", "--json").out
    assert json.loads(shown)["base"] == pair


@pytest.mark.parametrize(
    "command",
    ["sample again", "export again -o page.onnx --graph step", "compress again examples.tsv",
     "probe again x", "predict again --beam 2 --attention", "predict again --threshold 0.5",
     "eval again --per document", "eval again --dynamic",
     "gradients again", "train examples.tsv --from again", "prepare x --input picture"],
)  # fmt: skip
def test_what_a_task_cannot_do_is_said(pair, home, command):
    """A traceback, or a model of text that is made of something else."""
    (home / "x").write_text("a text\n", "utf-8")
    done = call_charrnn(home, *command.replace("again", pair).split())
    can = "--threshold" if PAIRS[pair].task == "label" else "--attention"
    if PAIRS[pair].task != "tag" and can in command:
        assert done.code == 0
        return
    assert done.code != 0
    assert done.err.startswith("charrnn: error: ")
    assert "Traceback" not in done.err


def test_a_prepared_corpus_is_for_its_task(pair, home):
    """Tags that are read as labels."""
    task = PAIRS[pair].task
    other = "label" if task != "label" else "tag"
    corpus = min((home / "corpora").glob("examples-*")).name  # another run may have made another
    done = call_charrnn(home, "train", corpus, "--task", other, "--steps", "1")
    assert done.code == 2
    assert f"is a corpus for --task {task}" in done.err


def test_a_tag_of_each_character(tmp_path):
    """Tags that belong to the character before, or a line that cannot be read as examples again."""
    draw = random.Random(1)
    texts = ["".join(draw.choices("abc 12", k=draw.randrange(1, 9))) for _ in range(200)]
    rows = [(text, "".join("N" if c.isdigit() else "." for c in text)) for text in texts]
    (tmp_path / "examples.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in rows), "utf-8")
    flags = ["--task", "tag", "--tag-unit", "character", *SMALL, "--steps", "60", "--run", "tagger"]
    done = call_charrnn(tmp_path, "train", "examples.tsv", *flags)
    assert done.code == 0, done.err
    found = call_charrnn(tmp_path, "predict", stdin="b1\na 22 c\n").out
    assert found == ".N\n..NN..\n"


@pytest.mark.parametrize("pair", ["caption", "picture-label"], indirect=True)
def test_a_line_that_cannot_be_read_is_named_after_those_before_it(pair, home):
    """Predictions of good pictures that a bad one takes with it; an error without its line."""
    names = [name for name, _ in inputs_of(pair, home)[:2]]
    done = call_charrnn(home, "predict", stdin="\n".join([*names, "nope.npy", *names]))
    assert (done.code, len(done.out.splitlines())) == (3, 2)
    assert "line 3: there is no file nope.npy" in done.err


@pytest.mark.parametrize("pair", ["rewrite", "caption"], indirect=True)
def test_a_page_does_not_replace_the_lines(pair, home):
    """The only copy of a file, lost to a wrong name."""
    (home / "given.txt").write_text("a\n", "utf-8")
    done = call_charrnn(home, "predict", pair, "given.txt", "--html", "given.txt")
    assert (done.code, (home / "given.txt").read_text()) == (2, "a\n")
