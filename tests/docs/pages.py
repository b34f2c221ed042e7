"""The pages of the guide, for the tests of them."""

from pathlib import Path

import typer

from charrnn.cli.main import app

ROOT = Path(__file__).parent.parent.parent
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
COURSE = sorted((ROOT / "docs" / "course").glob("*.md"))
GROUP = typer.main.get_command(app)
ALL = {n: c for n, c in GROUP.load_all(typer.Context(GROUP)).items() if n != "help"}
COMMANDS = [[name] for name in ALL]
SUBCOMMANDS = [[n, sub] for n, c in ALL.items() for sub in getattr(c, "commands", [])]


def page_text(name):
    return (ROOT / "docs" / name).read_text("utf-8")


def rows_of(page, title):
    """The first two cells of each row of the table whose head begins with a title."""
    _, _, table = (ROOT / "docs" / page).read_text("utf-8").partition(f"| {title} |")
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:3]] for line in lines]
