"""The figures of a corpus on a screen."""

import json

import pytest

from charrnn.display.reports import show
from charrnn.extras.statistics.command import member_name, statistics_report, summary_line
from charrnn.extras.statistics.statistics import Member, Statistics
from charrnn.text.tokenizers import END
from charrnn.text.tokenizers.base import DOCUMENT_END
from tests.text.conftest import make

STATS = Statistics(
    tokenizer="char", unit="character", characters=12_345_678, bytes=12_400_000, tokens=12_345_678,
    lines=40_000, documents=40_000, parts={"train": 11_000_000, "valid": 700_000, "test": 645_678},
    vocabulary_size=65, unused=0,
    frequent=[Member(s, 10**6) for s in (" ", "\n", DOCUMENT_END, "e", "\t", "\x1b", *"abcd")],
    rarest=[Member(chr(48 + n), 1234) for n in range(10)],
    entropies=[4.78, 3.54, 2.75, 2.16, 1.77, 1.44], duplicated=0.0667,
    baselines={
        name: {"bits_per_character": bits, "bits_per_byte": bits}
        for name, bits in {"xz": 2.49, "bz2": 2.37, "zlib": 3.05, "ppmd": 2.02}.items()
    },
)  # fmt: skip


def test_the_screen_has_every_figure_in_80_columns(printed):
    """A line that wraps in the middle of a figure; controls that the terminal obeys."""
    out = printed(80, lambda: show(statistics_report(STATS, "ta\x1ble"), False))
    assert max(map(len, out.splitlines())) <= 80
    assert len(out.splitlines()) <= 11
    assert not {"\x1b", "\t"} & set(out)
    for words in ("12,345,678 characters", "40,000 documents", "645,678 test",
                  "end of document 8.1 %", "newline 8.1 %", r"\x1b 8.1 %", "9 1,234",
                  "4.78  3.54  2.75  2.16  1.77  1.44  bits per character, order 0-5",
                  "6.7 % stands in documents that came before",
                  "zlib 3.05  xz 2.49  bz2 2.37  PPMd 2.02  validation after"):  # fmt: skip
        assert words in out, words


def test_json_is_one_line_without_surrogates(printed):
    """JSON that no strict reader takes."""
    out = printed(80, lambda: show(statistics_report(STATS, "tale"), True))
    assert "\\ud800" not in out
    found = json.loads(out)
    assert (found["corpus"], found["parts"]["train"]) == ("tale", 11_000_000)
    assert found["frequent"][2] == {"symbol": "end of document", "times": 1_000_000}


@pytest.mark.parametrize(
    ("symbol", "name"),
    [("\n", "newline"), (" ", "space"), ("<0x0A>", "newline"), ("<0x41>", "A"),
     ("<0xC3>", "byte C3"), (" the", "␣the"), ("\x00", r"\x00"), ("a\n", r"a\n")],
)  # fmt: skip
def test_members_have_names(symbol, name):
    """A blank in the list where a space is meant."""
    assert member_name(symbol) == name


def test_the_summary_of_a_corpus(home):
    """A summary that says nothing of the documents, or prints their ends."""
    (home / "a.txt").write_text("one\ntwo\none\n", "utf-8")
    corpus, _ = make("a.txt", document_per="line")
    found = summary_line(corpus)
    assert "3 documents, 12 characters, entropy 2.46 bits per character" in found
    assert "33.3 % in documents that came before\nRarest: t 1, w 1, " in found
    assert END not in found
