"""Spans of tokens that tags mark, as conlleval does and seqeval does by default.

https://github.com/chakki-works/seqeval: a span ends where its kind changes, whatever its tags say.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
"""The tag of a token that is in no span."""
_NO_KIND = "span"
_BEGIN, _END = "BSU", "ESLU"  # tags after which, or at which, no span continues
_PREFIX = re.compile(r"(?P<part>[BIMESLU])-(?P<kind>.+)", re.DOTALL)
_SCHEMES = (
    re.compile(r"(?P<part>[BIMESLU])(?:[-_:/|.](?P<kind>.+))?", re.DOTALL),  # B, B-X, B_X
    re.compile(r"(?P<kind>.+)[-_:/|.](?P<part>[BIMESLU])", re.DOTALL),  # X-B, X_B
)


class Span(NamedTuple):
    """Tokens from `first` to `last`, both included, of one kind."""

    first: int
    last: int
    kind: str


class Scheme:
    """How the tags of a vocabulary mark spans.

    B begins a span and I or M continues it (E or L ends it, S or U is one token alone), before or
    after its kind, as in B-X or X_B, or without one; O is outside. A vocabulary of other tags has
    them as B-X alone, and what differs from that is in a span as long as it stays the same.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        tags = [tag for tag in vocabulary if tag != OUTSIDE]
        self._form = next((form for form in _SCHEMES if _is_used(form, tags)), _PREFIX)

    def spans(self, tags: Sequence[str]) -> list[Span]:
        """The spans that tags (S,) mark, from left to right."""
        marked: list[Span] = []
        before = OUTSIDE, ""
        for index, tag in enumerate(tags):
            part, kind = self.read(tag)
            if part != OUTSIDE:
                starts = part in _BEGIN or before[0] in _END or before[0] == OUTSIDE
                if starts or before[1] != kind:
                    marked.append(Span(index, index, kind))
                else:
                    marked[-1] = marked[-1]._replace(last=index)
            before = part, kind
        return marked

    def read(self, tag: str) -> tuple[str, str]:
        """(One of BIMESLUO, the kind of its span): I for a tag that is itself the kind."""
        match = self._form.fullmatch(tag)
        if tag == OUTSIDE or match is None:
            return (OUTSIDE, "") if tag == OUTSIDE else ("I", tag)
        return match["part"], match["kind"] or _NO_KIND


def _is_used(form: re.Pattern[str], tags: Sequence[str]) -> bool:
    """Whether all tags have this form, and some of them say where a span begins or ends."""
    matches = [form.fullmatch(tag) for tag in tags]
    parts = {match["part"] for match in matches if match}
    return all(matches) and ("B" in parts or parts == {"I", "E"})
