"""charrnn corpora show, and the summary after prepare."""

import json
import re

from charrnn.cli.extras import HOOKS
from tests.conftest import call_charrnn, tale


def test_a_corpus_is_shown_in_figures(copied_run, home):
    """Figures of another corpus; progress among what a machine reads."""
    shown = json.loads(call_charrnn(home, "corpora", "show", "tale", "--json").out)
    assert len(shown["entropies"]) == 6
    table = call_charrnn(home, "corpora", "show", "tale").out
    assert table.startswith("tale: ")
    assert f"{shown['tokens']:,} (char)" in table


def test_a_damaged_corpus_is_told(copied_run, home):
    """A traceback by the very command that is to help."""
    (folder,) = (home / "corpora").glob("tale-*")
    with (folder / "tokens.bin").open("r+b") as file:
        file.seek(500)
        file.write(b"\xff")
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    for command in (["corpora", "show", "tale"], ["prepare", "tale.txt"]):
        result = call_charrnn(home, *command)
        assert result.code == 3
        assert "Traceback" not in result.err


def test_prepare_ends_with_a_summary_if_the_extra_is_here(home, monkeypatch):
    """A corpus that cannot be prepared without what is said of it."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    assert "Rarest: " in call_charrnn(home, "prepare", "tale.txt").err
    monkeypatch.delitem(HOOKS, "prepare")
    done = call_charrnn(home, "prepare", "tale.txt")
    assert (done.code, "Rarest: " in done.err) == (0, False)


def test_a_corpus_of_examples_is_shown_by_its_folder(home):
    """A path that is taken for a text to prepare; lines of examples that stand without ends."""
    (home / "words.tsv").write_text("a\tred\nb\tblue\n" * 20, "utf-8")
    prepared = call_charrnn(home, "train", "words.tsv", "--task", "label", "--steps", "2")
    assert prepared.code == 0, prepared.err
    (folder,) = (home / "corpora").glob("words-*")
    by_path, by_name = (
        call_charrnn(home, "corpora", "show", name, "--json") for name in (str(folder), "words")
    )
    assert (by_path.code, by_path.out) == (0, by_name.out)
    shown = json.loads(by_path.out)["examples"]
    assert (shown["task"], shown["examples"]) == ("label", {"train": 40, "valid": 0, "test": 0})
    assert shown["targets"]["a"] == {"train": 20, "valid": 0, "test": 0}
    assert shown["tokens_each"] == {"least": 3, "mean": 3.5, "most": 4}
    table = call_charrnn(home, "corpora", "show", "words").out
    assert table.startswith("40 examples for --task label")
    assert not {"lines", "duplicated"} & json.loads(by_path.out).keys()
    assert not re.search("line|came before", table)
