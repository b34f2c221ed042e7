"""charrnn prepare, and the corpora that are listed."""

import gzip

import pytest

from tests.conftest import SMALL, call_charrnn, lines, tale


def test_texts_are_joined_under_a_name(home, charrnn):
    """Progress on stdout; a corpus that cannot be named."""
    (home / "a.txt").write_text(tale(2000), "utf-8")
    result = charrnn("prepare", "a.txt", "-", "--name", "both", "--json", stdin=tale(500, seed=1))
    (event,) = lines(result.out)
    assert (event["corpus"], event["tokens"], event["reused"]) == ("both", 2500, False)
    assert result.err == ""
    assert charrnn("train", event["path"], "--steps", "2", "-q", *SMALL).code == 0
    assert charrnn("train", "both", "--tokenizer", "byte").code == 2
    listed = lines(charrnn("corpora", "--json").out)
    assert (listed[0]["corpus"], listed[0]["tokens"]) == ("both", 2500)
    assert {"shakespeare", "python"} <= {entry["corpus"] for entry in listed}
    table = charrnn("corpora", columns="80").out
    assert "both" in table
    assert "2,500" in table
    assert max(map(len, table.splitlines())) <= 80


def test_encodings(home, charrnn):
    """A text in another encoding that is read as something else."""
    text = tale(3000)
    (home / "utf8.txt").write_text(text, "utf-8")
    (home / "latin.txt").write_text(text, "latin-1")
    charrnn("prepare", "utf8.txt")
    charrnn("prepare", "latin.txt", "--encoding", "latin-1")
    tokens = [p.read_bytes() for p in sorted((home / "corpora").glob("*/tokens.bin"))]
    assert len(tokens) == 2
    assert tokens[0] == tokens[1]


def test_what_comes_through_a_pipe_is_unpacked(home):
    """A compressed text refused as binary, because a pipe has no name that ends with .gz."""
    text = tale(3000)
    (home / "a.txt").write_text(text, "utf-8")
    sources = [("a.txt", b""), ("-", text.encode()), ("-", gzip.compress(text.encode()))]
    for number, (source, data) in enumerate(sources):
        name = f"text{number}"
        result = call_charrnn(home, "prepare", source, "--name", name, stdin=data)
        assert result.code == 0, result.err
    tokens = {path.read_bytes() for path in home.glob("corpora/text?-*/tokens.bin")}
    assert len(tokens) == 1
    assert len(list(home.glob("corpora/text?-*"))) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["empty"], 3, "the folder empty has no file that is not hidden"),
        (["full", "--include", "*.c"], 3, "the folder full has no file whose name matches *.c"),
        (["full/*.c"], 3, "no file matches full/*.c"),
        (["a.txt", "--include", "*.c"], 2, "--include has no effect"),
        (["a.txt", "--vocab-size", "300"], 2, "--vocab-size has no effect with --tokenizer char"),
        (["a.txt", "--field", "text"], 3, "a.txt, line 1 is not JSON"),
        (["a.txt", "--document-per", ""], 2, "--document-per '' is not a separator"),
        (["cut.gz"], 3, "cut.gz is cut short: its gzip data does not end"),
        (["a.txt", "--vocabulary", "r", "--tokenizer", "bpe"], 2, "--vocabulary and --tokenizer"),
        (["a.txt", "--vocabulary", "r", "--min-count", "2"], 2, "--vocabulary and --min-count"),
    ],
)
def test_what_cannot_be_prepared_is_said_in_a_sentence(home, arguments, code, message):
    """A traceback, or an error that does not name the file or the flag."""
    (home / "empty").mkdir()
    (home / "full").mkdir()
    (home / "full/a.txt").write_text("text")
    (home / "a.txt").write_text("some text")
    (home / "cut.gz").write_bytes(gzip.compress(tale(2000).encode())[:-8])
    result = call_charrnn(home, "prepare", *arguments)
    assert (result.code, result.out) == (code, "")
    error, hint = result.err.splitlines()
    assert message in error
    assert hint


def test_examples_are_prepared_for_their_task(home):
    """Flags in the help that nothing can be done with; examples that cannot be looked at."""
    (home / "words.csv").write_text("label,text\n" + "a,red\nb,blue\n" * 60)
    done = call_charrnn(home, "prepare", "words.csv", "--task", "label")
    assert done.code == 0, done.err
    assert "120 examples, 2 labels: a 60, b 60; texts of 3 to 4 characters" in done.err
    done = call_charrnn(home, "train", "words", "--task", "label", "--steps", "2", "-q")
    assert (done.code, done.err) == (0, "")
    for flags, message in (
        (["--name", "x"], "--name has no effect with --task label"),
        (["--jobs", "2"], "--jobs has no effect with --task label"),
        (["words.csv"], "examples come from one file"),
    ):
        done = call_charrnn(home, "prepare", "words.csv", "--task", "label", *flags)
        assert (done.code, message in done.err) == (2, True), done.err


def test_a_text_in_a_runs_vocabulary(copied_run, home):
    """A vocabulary that is learned all the same; an unknown character that is left out."""
    (home / "b.txt").write_text("the dog\n", "utf-8")
    result = call_charrnn(home, "prepare", "b.txt", "--vocabulary", "tale", "--json")
    assert result.code == 0, result.err
    *_, event = lines(result.out)
    (old,) = [
        entry
        for entry in lines(call_charrnn(home, "corpora", "--json").out)
        if entry["corpus"] == "tale"
    ]
    assert (event["tokens"], event["vocabulary_size"]) == (8, old["vocabulary_size"])
    (home / "c.txt").write_text("жук")
    result = call_charrnn(home, "prepare", "c.txt", "--vocabulary", "tale")
    assert result.code == 3
    assert "'ж'" in result.err
