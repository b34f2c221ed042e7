"""Where a score comes from: by line, document or token, and the most surprising tokens."""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charrnn.display.reports import Report
from charrnn.display.wording import grouped
from charrnn.errors import UsageError
from charrnn.inference.score import Score
from charrnn.tables import Cell, Figure, Styled, Table
from charrnn.text.corpus import Tokens
from charrnn.text.tokenizers import END, Tokenizer, valid_unicode

Per = Literal["line", "document", "character"]
Losses = NDArray[np.float32]

_SPOTS, _CONTEXT = 10, 32  # most surprising tokens, and tokens shown on either side of them


@dataclass(frozen=True)
class Section:
    """A line or a document, the first of which is number 1. `bits` are those of all its tokens.

    The text's first token, which nothing predicts, does not count; where there is nothing else,
    the two quotients are None.
    """

    number: int
    text: str
    tokens: int
    characters: int
    bits: float
    bits_per_character: float | None
    perplexity: float | None


@dataclass(frozen=True)
class Symbol:
    """A token, the text that it completes, and its bits. The text's first token is position 1."""

    position: int
    text: str
    bits: float


@dataclass(frozen=True)
class Spot:
    """A surprising token, and the text on both sides of it."""

    position: int
    bits: float
    before: str
    text: str
    after: str


def detail_report(
    per: Per, tokens: Tokens, tokenizer: Tokenizer, score: Callable[[], Losses]
) -> Report:
    """Lines, documents or tokens (N,), one a row, as they come; then the most surprising tokens.

    `score` gives their losses (N - 1,) in nats. UsageError for documents that the tokenizer does
    not have.
    """
    check_per(per, tokenizer)
    scored = score(), tokens, tokenizer
    surprising = _surprising(surprising_spots(*scored))
    if per == "character":
        parts = symbols(*scored)
        rows: Iterator[list[Cell]] = (
            [Figure(one.position), one.bits, f"[{one.text}]"] for one in parts
        )
        table = Table(["position", "bits", "text"], rows, widths=(9, 8))
        return Report(map(asdict, parts), [table, surprising])
    lines = sections(*scored, per)
    heads = [per, "tokens", "bits", "per character", "perplexity", "text"]
    table = Table(heads, map(_section, lines), widths=(8, 7, 9, 13, 10))
    return Report(map(asdict, lines), [table, surprising])


def check_per(per: Per, tokenizer: Tokenizer) -> None:
    """UsageError for documents where the tokenizer does not have them."""
    if per == "document" and tokenizer.end is None:
        raise UsageError(
            "the run's corpus does not have documents",
            "Use --per line, or train with --document-per.",
        )


def sections(
    losses: Losses, tokens: Tokens, tokenizer: Tokenizer, per: Literal["line", "document"]
) -> Iterator[Section]:
    """The lines or documents of tokens (N,), from the losses (N - 1,) in nats of all but the first.

    A text without documents is one.
    """
    characters, sizes = tokenizer.lengths
    first, decode = 0, tokenizer.decoder()
    for number, last in enumerate(_ends(tokens, tokenizer, per), 1):
        text = valid_unicode("".join(map(decode, tokens[first:last].tolist())))
        nats, ids = losses[max(0, first - 1) : last - 1], tokens[max(1, first) : last]
        total, count = float(nats.sum(dtype=np.float64)), len(ids)
        length = int(characters[ids].sum())
        score = Score(count, max(1, length), int(sizes[ids].sum()), total / max(1, count))
        yield Section(
            number, text.removesuffix("\n"), count, length, total / math.log(2),
            score.bits_per_character if count else None, score.perplexity if count else None,
        )  # fmt: skip
        first = last


def _ends(tokens: Tokens, tokenizer: Tokenizer, per: Literal["line", "document"]) -> list[int]:
    """How many tokens have been read at each section's end, the text's end being one, too."""
    ends_section = [
        token == tokenizer.end
        if per == "document"
        else tokenizer.decoder()(token)[-1:] in ("\n", END)
        for token in range(tokenizer.size)
    ]
    ends: list[int] = (np.flatnonzero(np.array(ends_section)[tokens]) + 1).tolist()
    return ends if ends[-1:] == [len(tokens)] else [*ends, len(tokens)]


def symbols(losses: Losses, tokens: Tokens, tokenizer: Tokenizer) -> Iterator[Symbol]:
    """All tokens (N,) but the first, with their losses (N - 1,) in nats."""
    decode = tokenizer.decoder()
    decode(int(tokens[0]))
    for position, (token, loss) in enumerate(zip(tokens[1:], losses, strict=True), 2):
        yield Symbol(position, valid_unicode(decode(int(token))), float(loss / math.log(2)))


def surprising_spots(losses: Losses, tokens: Tokens, tokenizer: Tokenizer) -> list[Spot]:
    """The tokens (N,) of the highest losses (N - 1,): up to ten, the most surprising first."""
    count = min(_SPOTS, len(losses))
    indices = np.argpartition(losses, -count)[-count:]
    return [
        _spot(int(index) + 1, float(losses[index]) / math.log(2), tokens, tokenizer)
        for index in indices[np.argsort(-losses[indices], kind="stable")]
    ]


def _spot(index: int, bits: float, tokens: Tokens, tokenizer: Tokenizer) -> Spot:
    decode = tokenizer.decoder()
    begin = max(0, index - _CONTEXT)
    before = "".join(map(decode, tokens[begin:index].tolist()))
    text = decode(int(tokens[index])) or tokenizer.symbols[int(tokens[index])]
    after = "".join(map(decode, tokens[index + 1 : index + 1 + _CONTEXT].tolist()))
    return Spot(index + 1, bits, *map(valid_unicode, (before, text, after)))


def _section(section: Section) -> list[Cell]:
    perplexity = None if section.perplexity is None else Figure(grouped(section.perplexity))
    bits = Figure(f"{section.bits:,.1f}")
    return [Figure(section.number), section.tokens, bits, section.bits_per_character, perplexity,
            section.text]  # fmt: skip


def _surprising(spots: list[Spot]) -> Table:
    """Each token between the text before and after it."""
    rows: list[list[Cell]] = []
    for spot in spots:
        token = [Styled("[", ""), Styled(spot.text, "bold"), Styled("]", "")]
        text = [Styled(spot.before, "dim"), *token, Styled(spot.after, "dim")]
        rows.append([Figure(spot.position), spot.bits, text])
    heads, notes = ["position", "bits", "text"], ["the most surprising tokens"]
    return Table(heads, rows, notes=notes, wraps=None)
