"""Characters that a vocabulary lacks: named, left out or replaced, also in tagged texts."""

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import END, Bytes, Characters
from charrnn.text.unknown import Unknown, known_text, space_of, spans_of_tokens, tagged_ids

LETTERS = Characters.learn(["abcdefghijklmnopqrstuvwxyz ABC'\"-.\n"], TextSettings())


def test_the_error_says_which_and_how_many():
    """A message that names one character of ten, and no way out."""
    with pytest.raises(TextError) as error:
        known_text("aé日é", LETTERS, "error")
    assert error.value.message == (
        "the vocabulary has no 'é' (U+00E9, character 2), nor 1 other character of the text; "
        "3 occurrences in all"
    )
    assert "--unknown skip" in error.value.hint
    with pytest.raises(TextError, match=r"U\+00E9, character 2\)$"):
        known_text("aé", LETTERS, "error")


def test_skipped_characters_are_counted():
    """A score of another text than was given, without a word."""
    text, lacking = known_text("aé日éb", LETTERS, "skip")
    assert (text, lacking.left_out, lacking.replaced) == ("ab", {"é": 2, "日": 1}, {})
    assert known_text("日", LETTERS, "skip")[0] == ""


@pytest.mark.parametrize(
    ("text", "near"),
    [("é", "e"), ("Å", "A"), ("Z", "z"), ("É", "e"), ("“a”—\u2018b\u2019", "\"a\"-'b'"),
     ("ﬁ", "fi"),
     ("…", "..."), ("日", ""), ("\xa0", " "), ("\t", " "), ("\r", "\n"), (END, "\n"), ("ø", "")],
)  # fmt: skip
def test_the_nearest_characters(text, near):
    """A prompt that loses its quotes, accents and capitals."""
    unknown = [character for character in text if character not in LETTERS.characters]
    kept, lacking = known_text(text, LETTERS, "nearest")
    assert (kept, sum(map(Counter.total, lacking))) == (near, len(unknown))
    assert bool(lacking.left_out) == (near == "")


def test_accents_stay_where_they_can():
    """An accent lost although the vocabulary has it apart."""
    tokenizer = Characters.learn(["e\u0301"], TextSettings())
    assert known_text("é", tokenizer, "nearest")[0] == "e\u0301"


@given(text=st.text(), how=st.sampled_from(["skip", "nearest"]))
def test_what_is_left_can_be_encoded(text, how):
    """An error from the encoder for a text that was made fit for it."""
    kept, lacking = known_text(text, LETTERS, how)
    LETTERS.encode(kept)
    assert (not any(lacking)) == (not lacking.sentences(how)) == (kept == text)
    assert known_text(kept, LETTERS, how) == (kept, Unknown.none())


def test_a_tokenizer_that_takes_any_text_leaves_it_alone():
    """A text changed for nothing."""
    some = Characters.learn(["a"], TextSettings(min_count=2))
    for tokenizer in (Bytes(), some):
        assert known_text("aé日", tokenizer, "error") == ("aé日", Unknown.none())


def test_a_notice_tells_what_was_left_out_and_what_replaced():
    """A letter that `nearest` drops without a word; half of a surrogate pair shown for a byte."""
    _, lacking = known_text("é日日\udcff", LETTERS, "nearest")
    assert lacking.sentences("nearest") == (
        "Left out 3 characters that the vocabulary lacks: '日', byte 0xff. "
        "Replaced 1 character that the vocabulary lacks: 'é'."
    )
    for how, advice in (
        ("skip", ". --unknown nearest takes similar ones, where it can."),
        ("nearest", "'日'."),
    ):
        _, lacking = known_text("日", LETTERS, how)
        assert lacking.sentences(how).endswith(advice)


@given(st.text(min_size=1), st.booleans())
def test_no_token_of_a_tagged_text_is_lost(text, several):
    """A token that is lost because the vocabulary lacks its characters."""
    tokens = text.split() if several else [*text]
    if not tokens:
        return
    between = " " if several else ""
    ids = tagged_ids(Characters(" abc"), between.join(tokens))
    space = space_of(Characters(" abc")) if several else None
    assert len(spans_of_tokens(ids, space)[0]) == len(tokens)
