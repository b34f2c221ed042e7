"""Lists on stdout: the runs and the corpora there are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from charrnn.display.console import error_console, output_console
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted

if TYPE_CHECKING:
    from charrnn.storage.overview import Overview
    from charrnn.text.catalog import Entry
    from charrnn.text.corpus_files import CorpusSummary


def print_records(records: Iterable[Mapping[str, Any]]) -> None:
    """Print JSON objects, one a line."""
    with stop_at_closed_pipe():
        for record in records:
            print(json.dumps(record), flush=True)


def show_runs(runs: "Sequence[Overview]", as_json: bool) -> None:
    """Print the runs, the one trained last at the end."""
    if as_json:
        print_records(run.record() for run in runs)
        return
    columns = [
        Column("run", [Text(escaped(run.run), "bold") for run in runs], left=True, wraps=True),
        Column("corpus", [escaped(run.corpus) for run in runs], left=True, drop=1),
        Column("network", [escaped(run.network) for run in runs], left=True),
        Column("parameters", [_number(run.parameters) for run in runs], drop=3),
        Column("steps", [_number(run.steps) for run in runs]),
        Column("bits", ["" if run.bits is None else f"{run.bits:.3f}" for run in runs]),
        Column("size", [f"{run.bytes / 1e6:,.1f} MB" for run in runs], drop=2),
        Column("age", [age(run.age) for run in runs], drop=1),
        Column("state", [run.state for run in runs], left=True),
    ]
    _print(columns, "No runs here yet. Begin with: charrnn train shakespeare")


def show_corpora(
    corpora: "Sequence[CorpusSummary]", catalog: "Mapping[str, Entry]", as_json: bool
) -> None:
    """Print the prepared corpora, then the names of the catalog."""
    if as_json:
        entries = (
            {"name": name, "about": entry.about, "megabytes": entry.megabytes,
             "licence": entry.licence, "source": entry.source,
             "bits_per_character": entry.entropy() if entry.entropy else None}
            for name, entry in catalog.items()
        )  # fmt: skip
        print_records([*map(asdict, corpora), *entries])
        return
    columns = [
        Column("corpus", [Text(escaped(c.name), "bold") for c in corpora], left=True, wraps=True),
        Column("tokens", [_number(corpus.tokens) for corpus in corpora]),
        Column("vocabulary", [_number(corpus.vocabulary_size) for corpus in corpora]),
        Column("tokenizer", [corpus.tokenizer for corpus in corpora], left=True, drop=2),
        Column("made from", [escaped(", ".join(c.sources)) for c in corpora], left=True, drop=1),
    ]
    _print(columns, "No prepared corpora here yet.")
    output_console().print()
    texts = list(catalog.values())
    named = [
        Column("to train on by name", list(catalog), left=True),
        Column("entropy", [f"{e.entropy():.4f}" if e.entropy else "" for e in texts]),
        Column("MB", ["" if e.megabytes is None else f"{e.megabytes:g}" for e in texts], drop=1),
        Column("", [_about(entry) for entry in texts], left=True, wraps=True),
    ]
    _print(named, "")


def _print(columns: Sequence[Column], empty: str) -> None:
    with stop_at_closed_pipe():
        out = output_console()
        if columns[0].cells:
            out.print(fitted(columns, out.width))
        else:
            out.print(Text(empty, "dim"))


def _about(entry: "Entry") -> str:
    licence = f", {entry.licence}" if entry.licence != "none" else ""
    return f"{entry.about} ({entry.source}{licence})"


def age(seconds: float) -> str:
    """7300 -> '2 h'."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def show_freed(what: str, names: Sequence[str], size: int) -> None:
    """Say on stderr what was removed of these, and how much space it took."""
    listed = escaped(", ".join(names))
    said = (
        f"{what} {listed}: {size / 1e6:,.1f} MB are free again." if listed else f"{what} nothing."
    )
    error_console().print(Text(said))


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
