"""A corpus in figures, on a screen of a dozen lines, and in one line after `prepare`."""

import json
import re
import textwrap
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.tables import plural
from charrnn.text.tokenizers import END

if TYPE_CHECKING:
    from charrnn.text.corpus import Corpus
    from charrnn.text.statistics import Statistics

_NAMES = {
    END: "end of document", "\n": "newline", "\r": "return", "\t": "tab", " ": "space",
    "\xa0": "no-break space", "\ufeff": "byte order mark",
}  # fmt: skip
_TITLE = 12  # columns of the titles
_SUMMARY_TOKENS = 1 << 22  # that the line after `prepare` looks at: it takes a second at most


def show_statistics(stats: "Statistics", name: str, as_json: bool) -> None:
    """Print the figures of a corpus."""
    with stop_at_closed_pipe():
        if as_json:
            print(json.dumps({"corpus": name, **stats.record()}, allow_nan=False), flush=True)
            return
        out = output_console()
        documents = f"{plural(stats.documents, 'document')}, " if stats.documents else ""
        sizes = f"{plural(stats.characters, 'character')}, {plural(stats.bytes, 'byte')}"
        out.print(Text.assemble(
            (escaped(name), "bold"), f": {documents}{plural(stats.lines, 'line')}, {sizes}",
        ))  # fmt: skip
        table = Table(box=None, pad_edge=False, show_header=False)
        for title, text in _rows(stats, out.width - _TITLE):
            table.add_row(Text(title, "dim"), Text(text))
        out.print(table)


def _rows(stats: "Statistics", columns: int) -> list[tuple[str, str]]:
    """A title and a text for each line of the screen."""
    parts = ", ".join(f"{count:,} {part}" for part, count in stats.parts.items())
    unused = f", {stats.unused:,} of them unused" if stats.unused else ""
    frequent = [f"{member_name(m.symbol)} {100 * m.times / stats.tokens:.1f} %"
                for m in stats.frequent]  # fmt: skip
    rarest = [f"{member_name(m.symbol)} {m.times:,}" for m in stats.rarest]
    entropies = "  ".join(f"{bits:.2f}" for bits in stats.entropies)
    of_what = "documents" if stats.documents else "lines"
    by_bits = sorted(stats.baselines.items(), key=lambda item: -item[1])
    compressed = "  ".join(f"{name} {bits:.2f}" for name, bits in by_bits)
    orders = f"bits per {stats.unit}, order 0-{len(stats.entropies) - 1}"
    rows = [
        ("tokens", f"{stats.tokens:,} ({stats.tokenizer}): {parts}"),
        ("vocabulary", f"{stats.vocabulary_size:,}{unused}"),
        ("frequent", _wrapped(frequent, columns)),
        ("rarest", _wrapped(rarest, columns)),
        ("entropy", f"{entropies}  {orders}"),
        ("duplicated", f"{100 * stats.duplicated:.1f} % stands in {of_what} that came before"),
    ]
    if compressed:
        rows.append(("compressed", f"{compressed}  validation after training"))
    return rows


def _wrapped(items: list[str], columns: int) -> str:
    """The items in lines, none of them cut."""
    joined = "  ".join(item.replace(" ", "\0") for item in items)
    return textwrap.fill(joined, columns, break_on_hyphens=False).replace("\0", " ")


def summary_line(corpus: "Corpus") -> str:
    """What is in a corpus, in two lines: its rarest tokens, entropy and duplicates.

    Measured on its first 4 million tokens, and so in bounded time.
    """
    from charrnn.text import statistics

    tokenizer, tokens = corpus.tokenizer, corpus.tokens[:_SUMMARY_TOKENS]
    counts = statistics.token_counts(tokens, tokenizer)
    rarest = statistics.members(counts, tokenizer, rarest=True)[:5]
    units = int(counts @ tokenizer.lengths[tokenizer.kind == "byte"])
    bits = statistics.entropy(counts) * len(tokens) / max(1, units)
    unit = "byte" if tokenizer.kind == "byte" else "character"
    duplicated = 100 * statistics.duplicated_part(tokens, tokenizer)
    documents = 0 if tokenizer.end is None else int(counts[tokenizer.end])
    part = "" if len(tokens) == len(corpus.tokens) else f"The first {len(tokens):,} tokens: "
    sizes = f"{plural(documents, 'document')}, " if documents else ""
    return (
        f"{part}{sizes}{plural(units, unit)}, entropy {bits:.2f} bits per {unit}, "
        f"{duplicated:.1f} % in {'documents' if documents else 'lines'} that came before\n"
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
