"""The walk through the spine: its numbers, its quotations and its table are those of the code."""

import re
from xml.etree import ElementTree as ET

import pytest

from scripts import walk
from scripts.drawings import DRAWINGS
from tests.docs.pages import ROOT, page_text

PACKAGE = ROOT / "charrnn"
NUMBER = re.compile(r"-?\d+\.\d+")


def blocks(language):
    """The fenced blocks of a language, in the page's order."""
    text = page_text("how-it-works.md")
    return re.findall(rf"^```{language}\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)


def without_numbers(text):
    """The text with the same word for each decimal number, whatever its width."""
    return re.sub(r"\s+", " ", NUMBER.sub("NUMBER", text))


@pytest.fixture(scope="module")
def stops():
    """What the script prints, stop by stop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", "")
        lines = []
        patch.setattr(walk, "print", lambda *words: lines.append(" ".join(map(str, words))), False)
        walk.main()
    return re.split(r"^\d+ [a-z ]+\n", "\n".join(lines) + "\n", flags=re.MULTILINE)[1:]


def test_every_block_of_numbers_is_what_the_script_prints(stops):
    """A shape or a number that the code no longer has; a stop that the page leaves out.

    The last digit may differ: sums are rounded in another order on another machine.
    """
    assert len(blocks("text")) == len(stops)
    for block, printed in zip(blocks("text"), stops, strict=True):
        assert without_numbers(block) == without_numbers(printed.rstrip())
        for shown, computed in zip(NUMBER.findall(block), NUMBER.findall(printed), strict=True):
            last_digit = 10.0 ** -len(shown.partition(".")[2])
            assert float(shown) == pytest.approx(float(computed), abs=1.5 * last_digit)


def test_quotations_are_the_code():
    """Lines of the page that were changed in the file."""
    loop = {line.strip() for line in (PACKAGE / "training/loop.py").read_text("utf-8").splitlines()}
    for block in blocks("python"):
        assert {line.strip() for line in block.splitlines()} <= loop


def test_each_answer_names_code_that_stands_there():
    """An answer that leads to a file, or to a line, that is no longer there."""
    _, _, table = page_text("how-it-works.md").partition("| question |")
    rows = [row.strip("| ").split(" | ") for row in table.partition("\n\n")[0].splitlines()[2:]]
    assert len(rows) >= 15
    for _, _, file, code in rows:
        assert code.strip("`") in (PACKAGE / file.strip("`")).read_text("utf-8"), code


def test_the_table_of_files_is_the_spine():
    """A file that the page forgets; a number of lines that is far off."""
    _, _, table = page_text("how-it-works.md").partition("| file in `charrnn/` |")
    rows = [row.strip("| ").split(" | ") for row in table.partition("\n\n")[0].splitlines()[2:]]
    assert [file.strip("`") for file, _, _ in rows] == [*walk.SPINE]
    for file in walk.SPINE:
        lines = len((PACKAGE / file).read_text("utf-8").splitlines())
        (shown,) = [int(row[2]) for row in rows if row[0] == f"`{file}`"]
        assert shown == pytest.approx(lines, abs=10, rel=0.2), file


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_drawings_are_what_the_script_draws(name):
    """A room that stands on one that it does not import; a picture of what the code once was."""
    drawn = DRAWINGS[name]()
    assert (ROOT / "docs" / "pictures" / name).read_text("utf-8") == drawn
    assert f"](pictures/{name})" in page_text("how-it-works.md")
    ET.fromstring(drawn)
