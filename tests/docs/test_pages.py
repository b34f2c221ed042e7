"""The pages lead on, are complete, and use the words of the field."""

import os
import re
import tomllib

import pytest

from scripts import installs
from tests.conftest import call_charrnn
from tests.docs.pages import (
    COMMANDS,
    CONTRIBUTING,
    COURSE,
    PAGES,
    README,
    ROOT,
    SUBCOMMANDS,
)


@pytest.fixture(scope="module")
def flags():
    """Every flag of every command, as its help spells it."""
    helps = (
        call_charrnn(ROOT / "tests", *command, "--help").out
        for command in ([], *COMMANDS, *SUBCOMMANDS)
    )
    return set(re.findall(r"--[a-z][\w-]+", "".join(helps)))


@pytest.mark.parametrize("page", [*PAGES, *COURSE, CONTRIBUTING], ids=lambda page: page.stem)
def test_every_flag_exists(page, flags):
    """A flag in the prose that no command has."""
    text = re.sub(r"^ {4}.*$", "", page.read_text("utf-8"), flags=re.MULTILINE)
    if page.stem == "coming-from":  # the first column has our names
        text = "\n".join(line.split("|")[1] for line in text.splitlines() if line[:1] == "|")
    assert sorted(set(re.findall(r"--[a-z][\w-]+", text)) - flags) == []


@pytest.mark.parametrize("page", [*PAGES, *COURSE, CONTRIBUTING], ids=lambda page: page.stem)
def test_links_and_names_lead_somewhere(page):
    """A page or a picture that was moved; a promise under the name of a test nobody wrote."""
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    tests = "\n".join(path.stem + path.read_text("utf-8") for path in ROOT.glob("tests/**/*.py"))
    assert [n for n in re.findall(r"`(test_\w+)(?:\.py)?`", text) if n not in tests] == []
    for name in re.findall(r"`(?:python -m )?scripts\.(\w+)`", text):
        assert (ROOT / "scripts" / f"{name}.py").exists()
    for name in re.findall(r"^    (scripts/\w+) ", text, re.MULTILINE):
        assert os.access(ROOT / name, os.X_OK)


def test_the_readme_is_short_and_names_every_command():
    """A README that nobody reads to its end; a command, or a line that installs, that is lost."""
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 160
    assert [name for (name,) in COMMANDS if f"`{name}`" not in text] == []
    assert all(f"docs/{page.name}" in text for page in PAGES[1:])
    assert "](CONTRIBUTING.md)" in text
    assert [line.split()[0] for line in installs.lines()] == ["uv", "pipx", "pip"]


@pytest.mark.parametrize(
    "page",
    [*PAGES, *COURSE, CONTRIBUTING, ROOT / "benchmarks" / "RECIPE.md"],
    ids=lambda page: page.stem,
)
def test_the_words_are_those_of_the_field(page):
    """A word of ours for what everybody calls by another name."""
    ours = (
        r"\b(lanes?|reckon\w*|gone on|by heart|runs? off|kinds of tokens|(?<!there )is no|"
        r"nobody can|all the same|taken for whom|cannot be\b(?! (decoded|used|resumed))|"
        r"that others use\w*)\b"
    )
    text = " ".join(page.read_text("utf-8").split())
    assert [found[0] for found in re.finditer(ours, text, re.IGNORECASE)] == []


def test_the_badges_are_true():
    """A licence or a version of Python that is not that of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    python = project["requires-python"].removeprefix(">=")
    for name, value in (("licence", project["license"]), ("python", f"{python} or newer")):
        badge = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text("utf-8")
        assert f"<title>{name}: {value}</title>" in badge
        assert f"[![{name}: {value}](docs/pictures/{name}.svg)]" in README.read_text("utf-8")
