"""Subwords: what of a text they are learned from, and models that must not be loaded."""

import json
import random
import subprocess
import sys

import pytest
import sentencepiece

from charrnn.settings import TextSettings
from charrnn.text.tokenizers import END, TOKENIZERS, from_json, to_json
from charrnn.text.tokenizers.subword_model import (
    CHUNK,
    MOST_CHUNKS,
    SPACE,
    SPECIAL,
    read_model,
    sample,
    write_model,
)
from tests.conftest import tale

KINDS = ("bpe", "unigram")
every_kind = pytest.mark.parametrize("kind", KINDS)


def learn(kind: str, *pieces: str, **given):
    given = {"vocab_size": 350, **given}
    return TOKENIZERS[kind].learn(pieces, TextSettings(tokenizer=kind, **given))


@pytest.fixture(scope="module")
def tokenizers():
    return {kind: learn(kind, tale(4000)) for kind in KINDS}


@every_kind
@pytest.mark.parametrize(
    "text",
    ["", "\r\n\n\r", "\t\ta\tb", " " * 700, "a" + " " * 700 + "b", f"{SPACE}{SPACE} a{SPACE}b",
     "x" * 2000, "日本語" * 300, "\0\x1a\ufeff\ufffe\U0010ffff\u2028", "e\u0301 ﬁ Å ①",
     "<unk> <s></s> <0x41> \u2585", "the tale " * 9],
)  # fmt: skip
def test_what_sentencepiece_would_lose_comes_back(tokenizers, kind, text):
    """Its own normalization, a dropped space, a sign for a space that becomes one."""
    tokenizer = tokenizers[kind]
    assert "".join(map(tokenizer.decoder(), tokenizer.encode(text).tolist())) == text


@every_kind
def test_words_are_encoded_as_sentencepiece_encodes_lines(tokenizers, kind):
    """More tokens than necessary, because a text is cut where a subword would reach."""
    tokenizer, line = tokenizers[kind], "the   old house, and (then) a ship's 12 doors..."
    processor = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.model)
    assert tokenizer.encode(line).tolist() == [i - 1 for i in processor.encode(line)]


@every_kind
def test_the_model_depends_on_the_text_alone(tokenizers, kind):
    """Another vocabulary for the same text, because it was read in other pieces."""
    text = tale(4000)
    assert learn(kind, *(text[at : at + 7] for at in range(0, 4000, 7))).model == (
        tokenizers[kind].model
    )


def test_the_sample_is_bounded_and_from_all_over():
    """All of 10 GB in memory; a vocabulary of its first megabytes."""
    size = int(2.5 * CHUNK * MOST_CHUNKS)
    text = "".join(f"{n:07}\n" for n in range(size // 8))
    chunks = sample([text])
    assert CHUNK * MOST_CHUNKS // 2 <= sum(map(len, chunks)) <= CHUNK * MOST_CHUNKS
    assert chunks == sample([text[:999], text[999:5_000_000], text[5_000_000:]])
    assert all(text[at * 4 * CHUNK :].startswith(chunk) for at, chunk in enumerate(chunks))


@every_kind
def test_the_vocabulary_has_the_size_that_was_asked_for(kind):
    """END or <unk> on top; an error where a text gives fewer subwords."""
    chance = random.Random(1)
    words = ["".join(chance.choices("bdaeiou", k=chance.randint(2, 8))) for _ in range(300)]
    text = tale(4000) + " ".join(chance.choices(words, k=1500))
    assert learn(kind, text, document_per="line").size == 350
    small = learn(kind, "ab", END, vocab_size=2000, document_per="line")
    assert len(SPECIAL) + 3 < small.size < 300
    assert small.size - 1 == small.end
    for nothing in ((), ("",), ("\n\0\n",)):
        assert learn(kind, *nothing).symbols[len(SPECIAL) :] == [" "]


@every_kind
def test_many_different_characters_fit_a_small_vocabulary(kind):
    """An error for Chinese; a vocabulary of single characters alone."""
    text = (
        "".join(chr(0x4E00 + n % 7 * n) for n in range(2000)) + "日本語と漢字\n漢字と日本語\n" * 99
    )
    tokenizer = learn(kind, text, vocab_size=300)
    assert any(len(symbol) > 1 for symbol in tokenizer.symbols[len(SPECIAL) :])
    assert tokenizer.size <= 300


@every_kind
def test_damaged_models_are_refused(tokenizers, kind):
    """Bytes that make sentencepiece crash the process, or lose text in silence."""
    model = tokenizers[kind].model
    scores = read_model(kind, model)
    damaged = [model[:at] for at in range(0, len(model), 501)]
    damaged += [b"", b"\x0a\xff" * 9, model + b"\0", model * 2, model[:-9] + bytes(9)]
    damaged += [model[:at] + bytes([model[at] ^ 0x80]) + model[at + 1 :]
                for at in range(0, len(model), 97) if not 0 < at % 7 < 3]  # fmt: skip
    odd = ("a b", "\n", "a\0", "x" * 17, "<0x41>", "<unk>")
    damaged += [write_model(kind, {**scores, piece: -1.0}) for piece in odd]
    damaged += [write_model(kind, {**scores, "the": score}) for score in (float("nan"), 1e30)]
    damaged += [write_model(kind, {piece: 0.0 for piece in scores if piece != SPACE})]
    damaged += [write_model(other, scores) for other in KINDS if other != kind]
    for data in damaged:
        try:
            taken = read_model(kind, data)
        except ValueError:
            continue
        assert write_model(kind, taken) == data  # a flipped bit of a score


def test_a_model_is_loaded_without_sentencepiece(tokenizers):
    """A sampler without a prompt that is slower to start, for a package that it does not need."""
    code = (
        "import json, sys; from charrnn.text.tokenizers import from_json\n"
        "tokenizer = from_json(json.load(sys.stdin))\n"
        "assert tokenizer.decoder()(int(tokenizer.encode('\\n')[0])) == '\\n'\n"
        "assert 'sentencepiece' not in sys.modules\n"
    )
    data = json.dumps(to_json(tokenizers["bpe"]))
    subprocess.run([sys.executable, "-c", code], input=data, text=True, check=True)
    assert from_json(json.loads(data)).size == 350
