"""The differences that show where to touch are what the files have today."""

import re

from charrnn import __version__
from tests.docs.pages import CONTRIBUTING, ROOT


def test_there_is_one_version():
    """A release that is cited as another one, or whose changes nobody has written down."""
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## [{__version__}] - " in changes


def test_the_differences_stand_in_the_files():
    """A file that was moved; a line that a newcomer would copy, and that reads otherwise now."""
    page = CONTRIBUTING.read_text("utf-8")
    blocks = re.findall(r"^```diff\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == len(re.findall("^### ", page, re.MULTILINE))
    for line in "".join(blocks).splitlines():
        if line.startswith("+++ "):
            text = (ROOT / line.removeprefix("+++ ")).read_text("utf-8")
        for part in [] if line.startswith("+++ ") else line[1:].split("..."):
            assert part.strip() in text, line
