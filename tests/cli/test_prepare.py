"""charrnn prepare, and the corpora that are listed."""

from tests.conftest import SMALL, lines, tale


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
    assert (listed[0]["name"], listed[0]["tokens"]) == ("both", 2500)
    assert {"shakespeare", "python"} <= {entry["name"] for entry in listed}
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
