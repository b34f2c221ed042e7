"""The site has every page, and its links lead to pages that it has."""

import re
from collections import Counter

from scripts.build_site import MADE, converted, is_site, listed_pages, source_of
from tests.docs.pages import ROOT

PAGES = [*listed_pages()]


def test_the_navigation_lists_every_page_once():
    """A page of the guide or a lesson that readers of the site never see; one that was moved."""
    written = {path.relative_to(ROOT).as_posix() for folder in ("docs", "docs/course")
               for path in (ROOT / folder).glob("*.md")}  # fmt: skip
    assert Counter(page for page in PAGES if page.startswith("docs/")) == Counter(written)
    assert all(source_of(page).lstrip("-").strip() for page in {*PAGES} - {*MADE})


def test_links_lead_to_pages_of_the_site():
    """A dead link; one to a file of code, which the site does not have."""
    for page in PAGES:
        text = converted(source_of(page), page, {*PAGES})
        prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)#\s]+)", prose):
            folder = (ROOT / page).parent
            path = (folder / target).resolve().relative_to(ROOT).as_posix()
            is_picture = path.endswith((".svg", ".png")) and (ROOT / path).is_file()
            assert re.match(r"https://", target) or path in PAGES or is_picture, f"{page}: {target}"


def test_what_is_not_on_the_site_is_named_without_a_link():
    """A link to nowhere; a title or an anchor that is lost with a page that has moved."""
    pages = {"docs/training.md", "overview.md"}
    for text, expected in (
        ("see [`lstm.py`](../charrnn/cells/lstm.py).", "see `lstm.py`."),
        ("[words](training.md#words)", "[words](training.md#words)"),
        ("[start](../README.md#two-commands)", "[start](../overview.md#two-commands)"),
        ("[![MIT](pictures/licence.svg)](../LICENSE)", "![MIT](pictures/licence.svg)"),
        ("[a](https://arxiv.org)", "[a](https://arxiv.org)"),
        ("```\n[a](b.md)\n```", "```\n[a](b.md)\n```"),
    ):
        assert converted(text, "docs/sampling.md", pages) == expected


def test_the_reference_has_every_command_and_function():
    """A command, a flag or a function that the site does not show."""
    commands, python = MADE["reference/commands.md"](), MADE["reference/python.md"]()
    assert "### runs rm\n" in commands
    assert commands.count("<code>--seed</code> <code>N</code>") > 3
    for title in ("charrnn.load", "charrnn.probe", "TextModel", "TrainSettings", "Evaluated"):
        assert f"### {title}\n" in python
    assert "```pycon\n>>> charrnn.resume(" in python


def test_no_folder_of_other_files_is_replaced(tmp_path):
    """`scripts/site .`, which mkdocs takes for leave to remove all that lies there."""
    assert is_site(tmp_path)
    assert not is_site(ROOT)
    assert not is_site(ROOT / "docs")
