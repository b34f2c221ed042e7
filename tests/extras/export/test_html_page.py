"""The page's scripts compute and encode what Python does."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.cells import CELLS
from charrnn.errors import UsageError
from charrnn.extras.export.html_page import html_page
from charrnn.extras.export.page_model import page_tokenizer
from charrnn.extras.export.rounding import rounded_network
from charrnn.inference.drawing import penalized, warped
from charrnn.inference.sampling import read_prompt
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import END, Characters
from charrnn.text.tokenizers.byte import is_utf8
from tests.extras.export.vocabularies import NUMBERS, TEXT, VOCABULARIES
from tests.random_models import random_checkpoint


def differences(engine, checkpoint, dtype, text=TEXT):
    """By how much the logits differ at most, at each step of a text."""
    engine.load(checkpoint, dtype)
    ids = checkpoint.tokenizer.encode(text)[:200].tolist()
    assert len(ids) == 200
    found = engine.run(
        "program.reset(); return ids.map(id => [...program.step({ids: [id]}).logits]);", ids=ids
    )
    network = rounded_network(LanguageModel(checkpoint.model, checkpoint.weights), dtype)
    expected = network.trace(np.array(ids), network.zero_state()).logits
    assert expected.std() > 0.1
    return np.abs(np.array(found) - expected).max(axis=1)


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("cell", CELLS)
def test_logits_equal_those_of_numpy(engine, cell, dtype):
    """A gate in another order; a scale of another row; a state that is overwritten too early."""
    checkpoint = random_checkpoint(VOCABULARIES["char"], cell=cell, scale=0.15, layers=2)
    assert differences(engine, checkpoint, dtype).max() < 1e-4


@pytest.mark.parametrize("name", VOCABULARIES)
def test_logits_equal_those_of_numpy_with_every_tokenizer(engine, name):
    """An embedding that is looked up in the wrong table: large vocabularies have their own."""
    checkpoint = random_checkpoint(VOCABULARIES[name], scale=0.2)
    assert differences(engine, checkpoint, "fp32").max() < 1e-4


@pytest.mark.parametrize("inputs", [{"one_hot": True}, {"tie_weights": True, "embedding_size": 24}])
def test_logits_equal_those_of_numpy_with_other_inputs(engine, inputs):
    """Weights that were left out because most models have no need of them."""
    checkpoint = random_checkpoint(VOCABULARIES["char"], cell="gru", scale=0.6, **inputs)
    assert differences(engine, checkpoint, "fp16").max() < 1e-4


def texts():
    """Texts of the corpus's own words, of any characters, and of both."""
    words = st.sampled_from([*TEXT.split(" ")[:60], " ", "  ", "\n", "▁", "\0", "é", "🙂", "x²_1"])
    anything = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=20)
    long = st.builds(lambda c, n: c * n, st.sampled_from([" ", "a", "!", "é"]), st.integers(1, 600))
    return st.lists(st.one_of(words, anything, long), max_size=12).map("".join)


@pytest.mark.parametrize("name", VOCABULARIES)
@settings(max_examples=60)
@given(data=st.data())
def test_texts_have_the_ids_that_python_gives_them(engine, name, data):
    """A pair joined in another order; a word that begins elsewhere; a character of two halves."""
    tokenizer, text = VOCABULARIES[name], data.draw(texts())
    unknown = tokenizer.unknown(text)
    found = engine.run(
        """const tokenizer = new Tokenizer(data);
        return [tokenizer.unknown(text).sort(), tokenizer.encode(text)];""",
        data=page_tokenizer(tokenizer),
        text=text,
    )
    left = text.translate(dict.fromkeys(map(ord, unknown), ""))
    assert (sorted(found[0]), found[1]) == (sorted(unknown), tokenizer.encode(left).tolist())


@pytest.mark.parametrize("name", VOCABULARIES)
@settings(max_examples=40)
@given(data=st.data())
def test_ids_have_the_texts_that_python_gives_them(engine, name, data):
    """A broken character that swallows the next one, or that becomes too few signs."""
    tokenizer = VOCABULARIES[name]
    ids = data.draw(st.lists(st.integers(0, tokenizer.size - 1), max_size=40))
    ids += tokenizer.encode("a").tolist()  # Python holds half a surrogate until then
    found = engine.run(
        "return ids.map(new Tokenizer(data).decoder()).join('');",
        data=page_tokenizer(tokenizer),
        ids=ids,
    )
    bytes_as_signs = dict.fromkeys(range(0xDC80, 0xDD00), "\N{REPLACEMENT CHARACTER}")
    decode = tokenizer.decoder()
    assert found == "".join(map(decode, ids)).translate(bytes_as_signs)


@settings(max_examples=80)
@given(
    temp=st.sampled_from([0.0, 0.3, 1.0, 2.5]),
    top_k=st.none() | st.integers(1, 40),
    top_p=st.none() | st.floats(0.05, 1),
    min_p=st.none() | st.floats(0, 1),
    penalty=st.sampled_from([1.0, 1.3, 5.0]),
    seed=st.integers(0, 99),
)
def test_tokens_are_drawn_by_the_weights_of_sample(
    engine, temp, top_k, top_p, min_p, penalty, seed
):
    """A top-p that leaves one token too many; a penalty that makes negative logits likelier."""
    logits = np.random.default_rng(seed).normal(size=30).round(1) * 3  # some are equal
    recent = np.array([-1, 3, 3, 7])
    limits = {} if temp == 0 else {"top_k": top_k, "top_p": top_p, "min_p": min_p}
    weighed = penalized(logits, recent, penalty)
    expected = warped(weighed - weighed.max(), SampleSettings(temp=temp, **limits))
    found = engine.run(
        """const writer = Object.create(Writer.prototype);
        Object.assign(writer, {logits, recent: [3, 3, 7], settings, done: 0,
          tokenizer: {whole: false}, work: new Float64Array(logits.length)});
        return [...writer.weigh()].map(exp);""",
        logits=logits.tolist(),
        settings={
            "temperature": temp, "lastTemperature": temp, "length": 9, "penalty": penalty,
            "topK": limits.get("top_k") or 0, "topP": limits.get("top_p") or 1,
            "minP": limits.get("min_p") or 0,
        },
    )  # fmt: skip
    np.testing.assert_allclose(found, np.exp(expected), atol=1e-9)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_text_has_its_length_in_whole_characters_and_its_own_bits(engine, name):
    """A broken character in the text; a length in tokens; the bits of the weights drawn by."""
    checkpoint = random_checkpoint(VOCABULARIES[name], scale=0.4)
    engine.load(checkpoint)
    tokens = engine.write("The old king", seed=3, length=60, temperature=0.8, topK=200)
    text = "".join(token["text"] for token in tokens)
    assert len(text) == 60 or tokens[-1]["id"] == checkpoint.tokenizer.end
    if name != "byte":  # whose texts may be no UTF-8, and neither may those with documents
        assert "\ufffd" not in text or name == "byte, documents"
    network = LanguageModel(checkpoint.model, checkpoint.weights)
    prompt = read_prompt(network, checkpoint.tokenizer, "The old king")
    logits, state = prompt.logits, prompt.state
    for token in tokens:
        share = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        assert token["bits"] == pytest.approx(-math.log2(share[token["id"]]), abs=1e-3)
        best = [candidate["probability"] for candidate in token["candidates"]]
        np.testing.assert_allclose(best, np.sort(share)[::-1][:8], atol=1e-5)
        logits, state = network.step(token["id"], state)


def test_a_seed_repeats_its_text_and_another_writes_another(engine):
    """A generator that goes on where the last text ended."""
    engine.load(random_checkpoint(VOCABULARIES["char"]))
    first, again, other = (engine.write(seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_random_numbers_are_uniform(engine):
    """Numbers that repeat, or that leave out a part."""
    found = np.array(
        engine.run("const next = uniform(1); return Array.from({length: 8000}, next);")
    )
    assert len(set(found)) == 8000
    counts, _ = np.histogram(found, 16, (0, 1))
    assert ((counts - 500) ** 2 / 500).sum() < 45  # chi-squared of 15: one in 10,000


def test_functions_equal_those_of_math(engine):
    """A sum of too few terms."""
    x = np.concatenate([np.linspace(-40, 40, 801), [-800, 0, 1e-9, 700]])
    found = engine.run("return x.map(x => [exp(x), tanh(x), softplus(x)]);", x=x.tolist())
    expected = np.stack([np.exp(x), np.tanh(x), np.logaddexp(x, 0)], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


def test_a_page_needs_nothing_else_and_nothing_in_it_ends_a_script(engine):
    """A name or a vocabulary that becomes HTML; a font from elsewhere."""
    tokenizer = Characters("".join(sorted({*"<script>/!-\u2028", END})))
    page = html_page(random_checkpoint(tokenizer), "fp16", 1.5)
    assert page.count("</script>") == 3
    assert page.count("<script") == 3
    assert "http" not in page.replace("http-equiv", "")
    assert "\u2028" not in page
    assert is_utf8(page)


def test_a_model_of_numbers_has_no_page():
    """A page that writes numbers as if they were letters."""
    with pytest.raises(UsageError, match="trained on numbers") as error:
        html_page(random_checkpoint(NUMBERS), "fp16")
    assert "--onnx" in error.value.hint
