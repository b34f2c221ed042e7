"""Words that people try for commands."""

from charrnn.cli.synonyms import SYNONYMS


def test_words_that_people_try_do_it(used, trained):
    """Somebody who looks for the list of runs under five names."""
    before = sorted(trained.rglob("*"))
    runs = used("runs", "--json").out
    for words in ("list", "ls", "runs list", "runs ls"):
        assert used(*words.split(), "--json").out[:40] == runs[:40]
    assert used("corpora", "list").out == used("corpora").out
    for words in ("show", "info", "runs show"):
        assert "bits per character on valid" in used(*words.split(), "tale").out
    assert used("generate", "-n", "5", "-s", "1").out == used("sample", "-n", "5", "-s", "1").out
    assert "already finished" in used("resume", "tale").err
    assert "already finished" in used("continue", "tale").err
    assert "Remove tale" in used("delete", "tale").err  # and asks
    assert used("version").out == used("-V").out == used("--version").out
    assert used("help", "runs", "remove").out == used("runs", "rm", "--help").out
    assert "Remove runs" in used("help", "runs", "rm").out
    wrong = used("runs", "rmm")
    assert (wrong.code, "Did you mean charrnn runs rm?" in wrong.err) == (2, True)
    assert sorted(trained.rglob("*")) == before


def test_synonyms_are_commands(charrnn):
    """A word that leads to another wrong word."""
    for words in {*SYNONYMS.values()} - {"--version"}:
        assert charrnn(*words.split(), "--help").code == 0, words
