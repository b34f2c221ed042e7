"""A task with labels from the command line: train, predict, eval, and what other commands say."""

import json
import re

import pytest

from tests.conftest import call_charrnn, lines
from tests.tasks.examples import labelled

LABEL = ["--task", "label", "--hidden-size", "16", "--batch-size", "16", "--device", "cpu"]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A folder with a trained run `words`."""
    home = tmp_path_factory.mktemp("words")
    (home / "words.tsv").write_text(labelled(400), "utf-8")
    (home / "new.tsv").write_text(labelled(50, seed=2), "utf-8")
    flags = ["--bidirectional", "--steps", "150", "--split", "80/10/10"]
    done = call_charrnn(home, "train", "words.tsv", *LABEL, *flags)
    assert done.code == 0, done.err
    assert re.search(
        r"accuracy [0-9.]+%, macro F1 [0-9.]+, [0-9.]+ bits per label on valid", done.err
    )
    assert "charrnn predict words FILE" in done.err
    assert "characters/s" in done.err or "step" in done.err
    return home


def test_lines_in_labels_out(words):
    """Labels that are not those of their lines, or that come in another order."""
    pairs = [line.split("\t") for line in (words / "new.tsv").read_text().splitlines()]
    given = "".join(f"{text}\n" for _, text in pairs)
    done = call_charrnn(words, "predict", stdin=given)
    assert done.err == "Run words predicts.\n"
    found = done.out.splitlines()
    assert sum(a == b for a, (b, _) in zip(found, pairs, strict=True)) >= 47
    (words / "lines.txt").write_text(given, "utf-8")
    for args in (["words", "lines.txt"], ["lines.txt"], ["words", "-"]):
        assert call_charrnn(words, "predict", *args, stdin=given).out == done.out
    records = list(lines(call_charrnn(words, "predict", "--json", stdin=given).out))
    assert [record["label"] for record in records] == found
    assert [record["line"] for record in records] == [*range(1, 51)]
    for record, (_, text) in zip(records, pairs, strict=True):
        assert (record["source"], record["prediction"]) == (text, record["label"])
        assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-12)
        assert max(record["probabilities"], key=record["probabilities"].get) == record["label"]


def test_predictions_go_to_a_file(words):
    """A file that is replaced unasked, or half of one after an error."""
    (words / "two.txt").write_text("sea\nas\n")
    plain = call_charrnn(words, "predict", "words", "two.txt").out
    for yes in ([], ["--yes"]):
        done = call_charrnn(words, "predict", "words", "two.txt", "-o", "labels.txt", *yes)
        assert (done.code, done.out, done.err) == (0, "", "Written: labels.txt\n")
        assert (words / "labels.txt").read_text() == plain
    bad = call_charrnn(words, "predict", "two.txt", "-o", "labels.txt", stdin="sea")
    assert (bad.code, (words / "labels.txt").read_text()) == (2, plain)
    bad = call_charrnn(words, "predict", "nix.txt", "words", "-o", "new.txt")
    assert (bad.code, (words / "new.txt").exists()) == (4, False)
    assert call_charrnn(words, "predict", "two.txt", "--html", "-").code == 2


def test_labels_are_listed_with_their_probabilities(words):
    """A list that is JSON's alone; one that another tool cannot cut; a threshold of nothing."""
    record, _ = lines(call_charrnn(words, "predict", "--json", stdin="as\nf\n").out)
    listed = [f"{name} {p:.4f}" for name, p in record["probabilities"].items()]
    for flags, expected in ((["--top", "2"], listed[:2]), (["--threshold", "0"], listed),
                            (["--threshold", "0", "--top", "1"], listed[:1]),
                            (["--threshold", "1"], [])):  # fmt: skip
        done = call_charrnn(words, "predict", *flags, stdin="as\nf\n")
        assert done.out.splitlines()[0] == "\t".join(expected)
        assert len(done.out.splitlines()) == 2
    found, _ = lines(call_charrnn(words, "predict", "--json", "--top", "1", stdin="as\nf\n").out)
    assert found == record | {"probabilities": {record["label"]: record["probability"]}}


def test_any_line_has_a_label(words):
    """An empty line, or characters that the vocabulary lacks, that end the stream or are unsaid."""
    done = call_charrnn(words, "predict", stdin="\n€\nas\r\n\x01\n".encode() + b"\xff")
    assert (done.code, len(done.out.splitlines())) == (0, 5)
    marked = call_charrnn(words, "predict", "--unknown", "error", stdin="\ufeffas\n")
    assert marked.code == 0, marked.err  # a byte order mark stands before the text
    done = call_charrnn(words, "predict", "words", stdin="€as€\nas\nñ\n")
    assert done.err == (
        "Line 3 has no character of the vocabulary: its prediction is a guess.\n"
        "Left out 3 characters that the vocabulary lacks: '€', 'ñ'. --unknown nearest takes "
        "similar ones, where it can.\n"
    )
    assert call_charrnn(words, "predict", "words", "--quiet", stdin="€\n").err == ""
    done = call_charrnn(words, "predict", "--unknown", "error", stdin="as\n€\n")
    assert done.code == 3
    assert "the vocabulary has no '€'" in done.err


def test_scores_of_a_part_and_of_a_file(words):
    """Figures of other examples; a confusion matrix on its side."""
    part = json.loads(call_charrnn(words, "eval", "--json").out)
    assert (part["part"], part["examples"], part["labels"]) == ("test", 40, ["air", "fire", "sea"])
    assert part["accuracy"] > 0.9
    file = json.loads(call_charrnn(words, "eval", "words", "new.tsv", "--json").out)
    assert file["examples"] == sum(map(sum, file["confusion"])) == 50
    true = [line.partition("\t")[0] for line in (words / "new.tsv").read_text().splitlines()]
    assert [sum(row) for row in file["confusion"]] == [true.count(x) for x in file["labels"]]
    shown = call_charrnn(words, "eval", "words", "new.tsv").out
    assert shown.startswith(f"accuracy {file['accuracy']:.2%}, ")
    assert "of 50 examples right" in shown
    assert "precision" in shown


def test_a_run_resumes_with_its_examples(words):
    """A run that loses its labels, or resumes on other examples."""
    done = call_charrnn(words, "train", "--resume", "--run", "words", "--steps", "155")
    assert done.code == 0, done.err
    done = call_charrnn(words, "train", "new.tsv", "--resume", "--run", "words", "--steps", "160")
    assert done.code == 3


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("sample words", 4, "charrnn predict words"),
        ("probe words new.tsv", 4, "does not continue a text"),
        ("compare words", 0, ""),
        ("eval words --dynamic", 2, "--dynamic has no effect with --task label"),
        ("eval words --part valid new.tsv", 2, "--part"),
        ("train new.tsv --task label --seq-length 9 --steps 2", 2, "--seq-length"),
        ("train new.tsv --task label --from words --steps 2", 0, "Fine-tuning from words"),
        ("train new.tsv --from words --steps 2", 4, "Add --task label"),
        ("train new.tsv --task label --tie-weights --steps 2", 2, "--tie-weights has no effect"),
        ("train new.tsv --task label --steps 1,2", 2, "'1,2' is not a whole number"),
        ("train new.tsv --bidirectional --steps 2", 2, "--bidirectional"),
        ("train new.tsv --valid new.tsv --steps 2", 2, "--valid"),
        ("train bad.tsv --task label --steps 2", 3, "line 2 has no tab"),
        ("train words --task label --steps 2 --split 50/50", 0, ""),
        ("sweep new.tsv --task label --steps 2 --cells gru,elman --split 80/20", 0, ""),
        ("train new.tsv --task label --seeds 2 --steps 2 --split 80/20", 0, ""),
        ("prepare new.tsv --test new.tsv", 2, "--task label"),
        ("corpora show words", 0, ""),
        ("inspect words", 0, ""),
        ("runs", 0, ""),
        ("plot words", 0, ""),
        ("corpora", 0, ""),
    ],
)
def test_every_command_knows_what_to_say(words, command, code, told):
    """A traceback, or nonsense, where a run is of another task."""
    (words / "bad.tsv").write_text("sea\tas\nno label\n", "utf-8")
    done = call_charrnn(words, *command.split())
    assert done.code == code, done.err
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_model_of_text_predicts_no_labels(used):
    """A prediction by a network of another shape."""
    done = used("predict", "tale", stdin="a\n")
    assert done.code == 4
    assert "charrnn sample tale" in done.err
