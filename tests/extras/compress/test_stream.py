"""Any bytes in, the same bytes out or an error."""

import contextlib
import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.cells import CELLS
from charrnn.errors import CheckpointError, DivergedError, TextError
from charrnn.extras.compress import prediction, stream
from charrnn.extras.compress.stream import Header, compress, decompress
from charrnn.inference.sampling import sample, start_of
from charrnn.inference.score import score
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import END, Characters
from tests.conftest import tale
from tests.extras.compress.models import TOKENIZERS, random_checkpoint


@functools.cache
def model(kind):
    return random_checkpoint(TOKENIZERS[kind]())


BYTES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(str.encode),
    st.lists(st.sampled_from(["The ", "king", "é", "\r\n", "▁", "\0", "<0x0A>", "語", "  "]))
    .map("".join)
    .map(str.encode),
)


@pytest.mark.parametrize("kind", TOKENIZERS)
@settings(max_examples=15)
@given(data=BYTES)
def test_any_bytes_come_back(kind, data):
    """A character that is lost, or comes back as another, because the vocabulary lacks it."""
    assert decompress(compress(data, model(kind)), model(kind)) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf\r\n", b"a" * 3000, bytes(range(256)) * 3],
    ids=["empty", "NUL", "no UTF-8", "half a pair", "BOM", "a run", "every byte"],
)
@pytest.mark.parametrize("kind", TOKENIZERS)
def test_odd_files_come_back(kind, data):
    """END, or a byte that no text has, taken for a character."""
    assert decompress(compress(data, model(kind)), model(kind)) == data


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_compresses(cell):
    """A cell whose steps differ when they are taken again."""
    one = random_checkpoint(TOKENIZERS["char"](), cell=cell)
    data = tale(300, seed=1).encode()
    assert decompress(compress(data, one), one) == data


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), how=st.integers(0, 3), byte=st.integers(0, 255))
def test_a_damaged_file_gives_the_same_bytes_or_an_error(place, how, byte):
    """Garbage that is written as if it were the file; a traceback of the coder."""
    data, whole = damaged_example()
    at = int(place * len(whole))
    broken = [
        whole[:at],
        whole[:at] + bytes((byte,)) + whole[at:],
        whole[:at] + bytes((whole[at] ^ (byte or 1),)) + whole[at + 1 :],
        whole + bytes((byte,)) * (at + 1),
    ][how]
    try:
        assert decompress(broken, model("char")) == data
    except CheckpointError as error:
        assert error.hint


@functools.cache
def damaged_example():
    data = tale(300, seed=1).encode() + b"\xff\0"
    return data, compress(data, model("char"))


def test_a_length_beyond_reason_ends_at_once():
    """Hours of decoding, and gigabytes of memory, for a length that somebody made up."""
    data, whole = damaged_example()
    header, body = Header.unpack(whole)
    for length in (len(data) - 1, len(data) + 1, 1 << 30, 1 << 62):
        with pytest.raises(CheckpointError):
            decompress(replace(header, length=length).pack() + body, model("char"))


def test_another_model_is_refused():
    """A file that is decoded by a model that did not write it."""
    other = random_checkpoint(TOKENIZERS["char"](), seed=1)
    with pytest.raises(CheckpointError, match="another model"):
        decompress(damaged_example()[1], other)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_damaged_body_behind_a_good_header_is_found(body, length):
    """A decoder that hangs, or that gives what nobody has written."""
    header, _ = Header.unpack(damaged_example()[1])
    changed = replace(header, length=length).pack() + body
    with contextlib.suppress(CheckpointError):
        assert decompress(changed, model("char")) == damaged_example()[0]


def test_other_arithmetic_is_refused(monkeypatch):
    """A file that is decoded to garbage on a machine that rounds differently."""
    step = LanguageModel.step

    def other(self, ids, state):
        logits, state = step(self, ids, state)
        return np.nextafter(logits, np.float32(9)), state

    whole = damaged_example()[1]
    monkeypatch.setattr(LanguageModel, "step", other)
    monkeypatch.setattr(stream, "decode", None)  # never called
    with pytest.raises(CheckpointError, match="arithmetic"):
        decompress(whole, model("char"))


def test_a_model_that_has_diverged_cannot_compress():
    """NaN handed to the coder."""
    with pytest.raises(DivergedError):
        compress(b"a", random_checkpoint(TOKENIZERS["char"](), scale=math.nan))


@pytest.mark.parametrize("kind", ["char", "byte", "bpe"])
def test_the_size_is_what_the_score_promises(kind):
    """A coder that wastes bits; another start than the score's; probabilities rounded coarsely."""
    one = model(kind)
    network = LanguageModel(one.model, one.weights)
    text = "".join(sample(network, one.tokenizer, SampleSettings(length=3000, seed=1)))
    text = text.replace(END, "").encode("utf-8", "replace").decode()
    tokens = one.tokenizer.encode(start_of(one.tokenizer) + text)
    promised = score(network, tokens, one.tokenizer)
    bits = promised.loss / math.log(2) * promised.tokens
    size = 8 * len(compress(text.encode(), one))
    assert -1 < size - bits < 0.001 * bits + 8 * 28


def test_escapes_in_a_run_cost_little_more_than_their_bytes():
    """An escape that stays as unlikely as the first."""
    data = "語".encode() * 300
    assert len(compress(data, random_checkpoint(Characters("ab")))) < len(data) * 1.05 + 28


def test_dynamic_without_the_corpus_is_refused():
    """A model that learns otherwise than where the file was written."""
    one = random_checkpoint(TOKENIZERS["char"](), corpus_key="0" * 64)
    with pytest.raises(TextError, match="not here"):
        compress(b"a", one, dynamic=True)


def test_the_probe_leaves_no_trace():
    """A state, or learned weights, that the text starts with."""
    one = prediction.Predictor(model("char"))
    before = one.weights.copy()
    first, again = (prediction.fingerprint(one, b"key", 20) for _ in range(2))
    assert first == again
    assert (one.weights == before).all()
