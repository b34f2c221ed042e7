"""charrnn corpora show: a corpus in figures, on a screen, or in two lines after `prepare`."""

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.completion import corpus_or_file
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet
from charrnn.display.console import output_console
from charrnn.display.reports import Report
from charrnn.display.stdout import escaped
from charrnn.display.wording import score_name
from charrnn.errors import plural
from charrnn.tables import Cell, Styled, Table

if TYPE_CHECKING:
    from charrnn.extras.statistics.statistics import Statistics
    from charrnn.text.corpus import Corpus

_NAMES = {
    "end of document": "end of document", "\n": "newline", "\r": "return", "\t": "tab",
    " ": "space", "\xa0": "no-break space", "\ufeff": "byte order mark",
}  # fmt: skip
_TITLE = 12  # columns of the titles
_SUMMARY_TOKENS = 1 << 22  # that the line after `prepare` looks at: it takes a second at most

Name = Annotated[str, typer.Argument(help="name of a corpus", autocompletion=corpus_or_file)]


def show(name: Name, quiet: Quiet = False, json: Json = False) -> None:
    """Show a corpus in figures: sizes, vocabulary, entropy, and what compressors make of it.

    A text that is not prepared yet is prepared as `train` would by default.
    """
    from charrnn.extras.statistics.example_statistics import example_statistics
    from charrnn.extras.statistics.statistics import statistics
    from charrnn.settings import TextSettings
    from charrnn.text.catalog import prepared
    from charrnn.text.corpus_files import open_corpus
    from charrnn.text.example_corpus import ExampleCorpus
    from charrnn.text.resolving import resolve

    with frame(quiet=quiet, json=json) as command:
        is_folder = (Path(name) / "corpus.json").is_file()
        if folder := Path(name) if is_folder else prepared(name):
            corpus = open_corpus(folder)
        else:
            corpus = resolve(name, TextSettings(), command.emit)
        report = statistics_report(statistics(corpus, command.emit), corpus.name)
        if isinstance(corpus, ExampleCorpus):
            examples = example_statistics(corpus)
            (record,) = report.records
            tables = [*examples.tables(), *report.tables]
            report = Report([{**record, "examples": examples.record()}], tables)
        command.show(report)


def statistics_report(stats: "Statistics", name: str) -> Report:
    """The figures of a corpus, in lines that fit the terminal."""
    counted = {"document": stats.documents or None, "line": stats.lines}
    if stats.unit == "number":
        counted = {"number": stats.characters}
    else:
        counted |= {"character": stats.characters, "byte": stats.bytes}
    sizes = ", ".join(plural(n, noun) for noun, n in counted.items() if n is not None)
    rows: list[list[Cell]] = [
        [Styled(title if number == 0 else None, "dim"), line]
        for title, text in _rows(stats, output_console(endless=True).width - _TITLE)
        for number, line in enumerate(text.split("\n"))
    ]
    table = Table(rows=rows, title=f"{name}: {sizes}", wraps=1)
    return Report([{"corpus": name, **stats.record()}], [table])


def _rows(stats: "Statistics", columns: int) -> list[tuple[str, str]]:
    """A title and a text for each line of the screen."""
    parts = ", ".join(f"{count:,} {part}" for part, count in stats.parts.items())
    unused = f", {stats.unused:,} of them unused" if stats.unused else ""
    frequent = [f"{member_name(m.symbol)} {100 * m.times / stats.tokens:.1f} %"
                for m in stats.frequent]  # fmt: skip
    rarest = [f"{member_name(m.symbol)} {m.times:,}" for m in stats.rarest]
    entropies = "  ".join(f"{bits:.2f}" for bits in stats.entropies)
    of_what = "documents" if stats.documents else "lines"
    bits_of = {name: bits[f"bits_per_{stats.unit}"] for name, bits in stats.baselines.items()}
    baselines = "  ".join(
        f"{score_name(name)} {bits:.2f}"
        for name, bits in sorted(bits_of.items(), key=lambda item: -item[1])
    )
    orders = f"bits per {stats.unit}, order 0-{len(stats.entropies) - 1}"
    rows = [
        ("tokens", f"{stats.tokens:,} ({stats.tokenizer}): {parts}"),
        ("vocabulary", f"{stats.vocabulary_size:,}{unused}"),
        ("frequent", _wrapped(frequent, columns)),
        ("rarest", _wrapped(rarest, columns)),
        ("entropy", f"{entropies}  {orders}"),
    ]
    if stats.duplicated is not None:
        repeated = f"{100 * stats.duplicated:.1f} % stands in {of_what} that came before"
        rows.append(("duplicated", repeated))
    if baselines:
        rows.append(("baselines", f"{baselines}  validation after training"))
    return rows


def _wrapped(items: list[str], columns: int) -> str:
    """The items in lines, none of them cut."""
    joined = "  ".join(item.replace(" ", "\0") for item in items)
    return textwrap.fill(joined, columns, break_on_hyphens=False).replace("\0", " ")


def summary_line(corpus: "Corpus") -> str:
    """What is in a corpus, in two lines: its entropy, duplicates of a text, its rarest tokens.

    Measured on its first 4 million tokens, and so in bounded time.
    """
    from charrnn.extras.statistics import statistics
    from charrnn.text.example_corpus import ExampleCorpus

    tokenizer, tokens = corpus.tokenizer, corpus.tokens[:_SUMMARY_TOKENS]
    counts = statistics.token_counts(tokens, tokenizer)
    rarest = statistics.members(counts, tokenizer, rarest=True)[:5]
    unit, length = tokenizer.unit, statistics.units(counts, tokenizer)
    bits = statistics.entropy(counts) * len(tokens) / max(1, length)
    documents = 0 if tokenizer.end is None else int(counts[tokenizer.end])
    part = "" if len(tokens) == len(corpus.tokens) else f"The first {len(tokens):,} tokens: "
    sizes = f"{plural(documents, 'document')}, " if documents else ""
    repeated = ""
    if not isinstance(corpus, ExampleCorpus):
        duplicated = 100 * statistics.duplicated_part(tokens, tokenizer)
        of_what = "documents" if documents else "lines"
        repeated = f", {duplicated:.1f} % in {of_what} that came before"
    return (
        f"{part}{sizes}{plural(length, unit)}, entropy {bits:.2f} bits per {unit}{repeated}\n"
        f"Rarest: {', '.join(f'{member_name(m.symbol)} {m.times:,}' for m in rarest)}"
    )


def member_name(symbol: str) -> str:
    r"""What a person reads for a token: `space`, `e`, `␣the`, `\x00`, `byte C3`."""
    byte = re.fullmatch("<0x([0-9A-F]{2})>", symbol)
    if byte and byte[1] >= "80":
        return f"byte {byte[1]}"
    text = chr(int(byte[1], 16)) if byte else symbol
    if text in _NAMES:
        return _NAMES[text]
    return escaped(text.replace(" ", "␣").replace("\n", "\\n").replace("\t", "\\t"))
