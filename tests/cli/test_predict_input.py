"""What predict reads: files in the formats of training, blank lines, and the run that fits."""

import json

import pytest

from tests.conftest import call_charrnn
from tests.tasks.examples import PAIRS, labelled, rewritten, tagged

SMALL = ["--hidden-size", "8", "--batch-size", "8", "--device", "cpu", "--steps", "4"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the runs `words`, of CSV with names, `tags` and `pictures`, and a text's."""
    home = tmp_path_factory.mktemp("formats")
    rows = [line.split("\t") for line in labelled(120).splitlines()]
    table = "".join(f'{n},{label},"{text}"\n' for n, (label, text) in enumerate(rows))
    (home / "words.csv").write_text(f"id,kind,word\n{table}")
    (home / "tags.conll").write_text(tagged(40))
    (home / "pictures.tsv").write_text(PAIRS["picture-label"].write(home, 20))
    (home / "tale.txt").write_text("the king and the sea\n" * 40)
    for name, file, flags in (
        ("words", "words.csv", ["--task", "label", "--columns", "kind,word"]),
        ("pictures", "pictures.tsv", PAIRS["picture-label"].flags),
        ("tags", "tags.conll", ["--task", "tag"]),
        ("text", "tale.txt", []),
    ):
        done = call_charrnn(home, "train", file, *flags, *SMALL, "--run", name)
        assert done.code == 0, done.err
    return home


TEXTS = ["asb", "fa", "c, d", "e"]
OUT = "".join(f"{text}\n" for text in TEXTS)


@pytest.mark.parametrize(
    ("name", "written", "flags"),
    [
        ("a.csv", 'id,Word\n1,asb\n2,fa\n3,"c, d"\n4,e\n', []),
        ("b.csv", 'asb,1\nfa,2\n"c, d",3\ne,4\n', ["--columns", "1", "--format", "csv"]),
        ("a.jsonl", "".join(json.dumps({"word": text}) + "\n" for text in TEXTS), []),
        ("b.jsonl", "".join(json.dumps({"t": t}) + "\n" for t in TEXTS), ["--columns", "x,t"]),
        ("f.txt", "".join(f"__label__x {t}\n" for t in TEXTS), ["--columns", "label,text"]),
        ("a.tsv", "id\tword\n" + "".join(f"{n}\t{t}\n" for n, t in enumerate(TEXTS)), []),
        ("a.txt", OUT, ["--format", "lines"]),
        ("b.tsv", "".join(f"{n}\t?\t{t}\n" for n, t in enumerate(TEXTS)), ["--columns", "3"]),
        ("plain.txt", OUT, []),
        ("plain.csv", OUT, []),
        ("-", "".join(json.dumps({"t": t}) + "\n" for t in TEXTS),
         ["--format", "jsonl", "--columns", "t"]),
        ("-", "".join(json.dumps({"word": t}) + "\n" for t in TEXTS), []),
    ],
)  # fmt: skip
def test_a_file_is_read_as_training_read_its_examples(trained, name, written, flags):
    """A label of `4,"e"`; a header that is predicted; a column of targets read as a text."""
    if name != "-":
        (trained / name).write_text(written)
    done = call_charrnn(trained, "predict", "words", name, "--json", *flags, stdin=written)
    assert [json.loads(line)["source"] for line in done.out.splitlines()] == TEXTS


def test_without_a_file_each_line_is_an_input(trained):
    """A pipe of plain lines refused, because the run's own file was CSV."""
    done = call_charrnn(trained, "predict", "words", "--json", stdin=OUT)
    assert [json.loads(line)["source"] for line in done.out.splitlines()] == TEXTS


def test_conll_in_and_out(trained):
    """Tags that have to be joined to their tokens again; a sentence that runs into the next."""
    plain = call_charrnn(trained, "predict", "tags", stdin="from ab c\nto d\n").out.splitlines()
    rows = [[*zip(("from", "ab", "c"), plain[0].split(" "), strict=True)]]
    rows += [[*zip(("to", "d"), plain[1].split(" "), strict=True)]]
    wanted = "".join("".join(f"{a}\t{b}\n" for a, b in row) + "\n" for row in rows)
    for given in ("from\nab\nc\n \nto\nd\n", wanted):
        done = call_charrnn(trained, "predict", "tags", "--format", "conll", stdin=given)
        assert done.out == wanted
    (trained / "new.conll").write_text(wanted)
    assert call_charrnn(trained, "predict", "tags", "new.conll").out == wanted
    rest = "\t_" * 8
    conllu = f"# text = to d\n1\tto{rest}\n1.1\tx{rest}\n2\td{rest}\n"
    (trained / "new.conllu").write_text(conllu)
    assert wanted.endswith(call_charrnn(trained, "predict", "tags", "new.conllu").out)


def test_examples_of_another_format_are_scored(trained):
    """A file that has to be made again to be scored."""
    (trained / "new.tsv").write_text("sea\tas\nair\ta\n")
    (trained / "new.csv").write_text("n,kind,word\n1,sea,as\n2,air,a\n")
    flags = ["--format", "tsv", "--columns", "1,2", "--json"]
    scores = [
        json.loads(call_charrnn(trained, "eval", "words", *arguments).out)
        for arguments in (["new.tsv", *flags], ["new.csv", "--json"])
    ]
    assert scores[0]["loss"] == scores[1]["loss"]
    done = call_charrnn(trained, "eval", "words", "new.tsv")
    assert (done.code, "has no column kind" in done.err) == (3, True)
    done = call_charrnn(trained, "eval", "text", "tale.txt", "--columns", "1,2")
    assert (done.code, "--columns has no effect" in done.err) == (2, True)
    done = call_charrnn(trained, "predict", "words", "new.csv", "--columns", "1,2,3")
    assert (done.code, "are not columns" in done.err) == (2, True)


def test_a_blank_line_has_a_blank_prediction(trained):
    """A label of nothing; predictions that are no longer beside their lines."""
    given = "asb\n\n \t\nfa\n"
    done = call_charrnn(trained, "predict", "words", stdin=given)
    alone = call_charrnn(trained, "predict", "words", stdin="asb\nfa\n").out.splitlines()
    assert done.out.splitlines() == [alone[0], "", "", alone[1]]
    assert done.err == "Line 2 is blank: nothing is predicted for blank lines.\n"
    records = call_charrnn(trained, "predict", "words", "--json", stdin=given).out.splitlines()
    assert [json.loads(record)["source"] for record in records] == ["asb", "", "", "fa"]


def test_the_run_trained_last_that_fits_predicts(trained):
    """A network of texts asked about a picture; a run of another task that answers unnamed."""
    (trained / "names.txt").write_text("pictures/1.png\npictures/2.png\n")
    (trained / "lines.txt").write_text("asb\n")
    for file, run in (
        ("lines.txt", "tags"), ("names.txt", "pictures"), ("pictures/1.png", "pictures"),
    ):  # fmt: skip
        done = call_charrnn(trained, "predict", file)
        assert (done.code, done.err) == (0, f"Run {run} predicts.\n")
    named = call_charrnn(trained, "predict", "pictures", "names.txt").out.splitlines()
    assert named[0] == call_charrnn(trained, "predict", "pictures", "pictures/1.png").out.strip()
    assert call_charrnn(trained, "predict", "-q", stdin="asb\n").err == ""
    (trained / "bad.png").write_bytes(b"x")  # 'line 1' of a file that has none
    told = call_charrnn(trained, "predict", "pictures", "bad.png").err
    assert told.startswith("charrnn: error: bad.png")


def test_where_no_run_predicts_the_last_one_says_so(tmp_path):
    """A traceback of a run that there is not."""
    (tmp_path / "tale.txt").write_text("the king and the sea\n" * 40)
    assert "nothing has been trained" in call_charrnn(tmp_path, "predict", "tale.txt").err
    call_charrnn(tmp_path, "train", "tale.txt", *SMALL)
    done = call_charrnn(tmp_path, "predict", "tale.txt")
    assert (done.code, "run tale is a language model" in done.err) == (4, True)


def test_pairs_are_predicted_from_their_sources(tmp_path):
    """A target that is read as a part of the source."""
    (tmp_path / "r.tsv").write_text(rewritten(20))
    done = call_charrnn(tmp_path, "train", "r.tsv", "--task", "rewrite", *SMALL, "--run", "r")
    assert done.code == 0, done.err
    for text, flags in (
        ("abc\tABC\nd\tD\n", []), ("abc\tABC\nd\tD\n", ["--format", "tsv"]), ("abc\nd\n", []),
    ):  # fmt: skip
        (tmp_path / "new.tsv").write_text(text)
        done = call_charrnn(tmp_path, "predict", "r", "new.tsv", "--json", *flags)
        assert [json.loads(line)["source"] for line in done.out.splitlines()] == ["abc", "d"]


def test_a_binary_file_is_named_as_one(trained):
    """A screenful of labels for the lines of a sound file; one of its bytes in an error."""
    (trained / "clip.wav").write_bytes(b"RIFFd\0\0\0WAVEfmt \xff\n\0\n" * 9)
    for run, advice in (("words", "Run words reads texts"), ("pictures", "predict pictures FILE")):
        piped = (trained / "clip.wav").read_bytes().decode("latin-1")
        for done in (
            call_charrnn(trained, "predict", run, "clip.wav"),
            call_charrnn(trained, "predict", run, "-", stdin=piped),
        ):
            assert (done.code, done.out) == (3, "")
            assert len(done.err) < 200
            is_refused = "run pictures reads picture, not clip.wav" in done.err
            assert is_refused or ("is a binary file" in done.err and advice in done.err)
    done = call_charrnn(trained, "train", "clip.wav", *SMALL)
    assert (done.code, "clip.wav is a binary file: it has NUL" in done.err) == (3, True)
    (trained / "latin.txt").write_bytes("sé\n".encode("latin-1"))
    assert call_charrnn(trained, "predict", "words", "latin.txt").code == 0


def test_a_table_of_words_is_no_series(tmp_path):
    """Its head, taken for the name of a file that is missing."""
    (tmp_path / "a.tsv").write_text(PAIRS["frames-label"].write(tmp_path, 20))
    flags = ["--task", "label", "--input", "frames", *SMALL, "--run", "frames"]
    assert call_charrnn(tmp_path, "train", "a.tsv", *flags).code == 0
    (tmp_path / "words.csv").write_text("time,word\n1,hello\n")
    done = call_charrnn(tmp_path, "predict", "frames", "words.csv")
    assert (done.code, "a CSV of numbers alone" in done.err) == (3, True)
    (tmp_path / "list.csv").write_text("series/0.csv\nseries/1.npy\n")
    assert len(call_charrnn(tmp_path, "predict", "frames", "list.csv").out.splitlines()) == 2
