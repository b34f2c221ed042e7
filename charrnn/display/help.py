"""The help of a command: its usage, and a panel for each group of flags or commands."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from charrnn.display.console import framed, output_console
from charrnn.display.stdout import stop_at_closed_pipe


class Entry(NamedTuple):
    """A flag, an argument or a command. `value` is what a flag takes: N."""

    name: str
    value: str
    about: str
    default: str


def print_help(usage: str, about: str, panels: Mapping[str, Sequence[Entry]], example: str) -> None:
    """Print the help on stdout. Flags are aligned over all panels, and commands are."""
    with stop_at_closed_pipe():
        out = output_console()
        for text, style in ((f"Usage: {usage}", "bold"), (about, "")):
            out.print(Padding(Text(text, style), (1, 1, 0, 1)))
        out.print()
        for title, entries in panels.items():
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(min_width=_width(panels, title), no_wrap=True)
            table.add_column()
            for entry in entries:
                table.add_row(_name(entry), _about(entry))
            out.print(framed(table, title))
        if example:
            out.print(Padding(Text(example), (1, 1, 1, 1)))


def print_overview(about: str, panels: Mapping[str, Sequence[Entry]], begin: str) -> None:
    """Print the first panel with a line an entry, of the others the names, and how to begin."""
    main, *others = panels
    table = Table.grid(padding=(0, 2, 0, 0))
    for entry in panels[main]:
        table.add_row(Text(entry.name, "bold cyan"), entry.about)
    table.add_row()
    for title in others:
        table.add_row(Text(title, "dim"), ", ".join(entry.name for entry in panels[title]))
    more = "charrnn --help says what each command does, charrnn COMMAND --help its flags."
    with stop_at_closed_pipe():
        output_console().print(
            about, "", Padding(table, (0, 0, 0, 2)), "", begin, "", more, sep="\n"
        )


def _width(panels: Mapping[str, Sequence[Entry]], title: str) -> int:
    """Columns for the names in a panel: as many as in the others of its kind."""

    def is_command(title: str) -> bool:
        return all(entry.name.islower() and entry.name[0].isalpha() for entry in panels[title])

    alike = [panels[other] for other in panels if is_command(other) == is_command(title)]
    return max(_name(entry).cell_len for entries in alike for entry in entries)


def _name(entry: Entry) -> Text:
    return Text.assemble(
        (entry.name, "bold cyan"), (f" {entry.value}" if entry.value else "", "yellow")
    )


def _about(entry: Entry) -> Text:
    text = Text(entry.about)
    return text.append(f" [default: {entry.default}]", "dim") if entry.default else text
