"""Beam search, beside all texts of a tiny decoder, tried one by one."""

from itertools import product

import numpy as np
import pytest

from charrnn.errors import DivergedError, UsageError
from charrnn.inference.decoding import Decoding
from charrnn.inference.fusion import Fusion
from charrnn.inference.search import END, log_probabilities, search
from charrnn.models.text_model import TextModel
from charrnn.network.decoder import Decoder
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings
from charrnn.text.tokenizers import Characters
from tests.random_models import random_checkpoint, random_weights

K = 3  # symbols
TEXTS = [np.array([1, 2, 3]), np.array([4]), np.array([0, 0])]
MOST = np.array([3, 2, 3])
SETTINGS = ModelSettings(task="rewrite", hidden_size=6, embedding_size=4, bidirectional=True)
PARAMETERS = {**TextEncoder.parameters(SETTINGS, 5), **Decoder.parameters(SETTINGS, K)}
WEIGHTS = random_weights(PARAMETERS, seed=2, scale=1.0)
DECODER = Decoder(SETTINGS, WEIGHTS)


def source_of(texts):
    """What the decoder reads of texts of several lengths."""
    lengths = np.array([len(text) for text in texts])
    ids = np.zeros((lengths.max(), len(texts)), int)
    for column, text in enumerate(texts):
        ids[: len(text), column] = text
    encoder = TextEncoder(SETTINGS, WEIGHTS)
    outputs, mask = encoder.encode(ids, lengths)
    return DECODER.source(outputs, mask, encoder.summary(outputs, mask))


def log_probability(text, symbols):
    """That of one text with its end, from the logits of each step."""
    source = source_of([text])
    state, total = DECODER.first_state(source), 0.0
    for before, symbol in zip((END, *symbols), (*symbols, END), strict=True):
        logits, state, _ = DECODER.step(np.array([before]), state, source)
        exponentials = np.exp(logits[0].astype(float))
        total += np.log(exponentials[symbol] / exponentials.sum())
    return total


def test_a_wide_beam_finds_the_likeliest_of_all_texts():
    """A text that is lost, scored wrongly, too long, or that is another source's."""
    hypotheses = search(DECODER, source_of(TEXTS), MOST, Decoding(50))
    for text, most, written in zip(TEXTS, MOST.tolist(), hypotheses, strict=True):
        every = [s for n in range(1, most + 1) for s in product(range(1, K + 1), repeat=n)]
        logs = {symbols: log_probability(text, symbols) for symbols in every}
        assert [tuple(one.symbols) for one in written] == sorted(every, key=lambda s: -logs[s])
        for one in written:
            assert one.log_probability == pytest.approx(logs[tuple(one.symbols)], abs=1e-4)
            assert one.attention.shape == (len(one.symbols), 3)
            assert one.attention.sum(1) == pytest.approx(1)
            assert not one.attention[:, len(text) :].any()


def test_a_language_model_counts_as_much_as_its_weight():
    """A language model that is read after another text, or without the end; a beam that ends early.

    Its weight decides the order, and the probability that is said is the decoder's own.
    """
    model = TextModel(random_checkpoint(Characters("\nabc"), scale=0.8))
    fusion = Fusion(model, 0.7, ["a", "b", "c"])
    hypotheses = search(DECODER, source_of(TEXTS), MOST, Decoding(50), fusion=fusion)
    for text, most, written in zip(TEXTS, MOST.tolist(), hypotheses, strict=True):
        every = [s for n in range(1, most + 1) for s in product(range(1, K + 1), repeat=n)]
        logs = {symbols: log_probability(text, symbols) for symbols in every}
        scores = {symbols: logs[symbols] + fusion.total(symbols) for symbols in every}
        assert [tuple(one.symbols) for one in written] == sorted(every, key=lambda s: -scores[s])
        for one in written:
            assert one.log_probability == pytest.approx(logs[tuple(one.symbols)], abs=1e-4)


def beam_by_hand(decoder, source, most, beam):
    """The texts of a beam search over one source, without an end before every text has ended."""
    unfinished, ended = [(0.0, (), decoder.first_state(source))], []
    for step in range(most + 1):
        candidates = []
        for total, symbols, state in unfinished:
            before = symbols[-1] if symbols else END
            logits, after, _ = decoder.step(np.array([before]), state, source)
            logs = log_probabilities(logits.astype(float))[0]
            allowed = range(step == 0, 1 if step == most else K + 1)
            candidates += [(total + logs[k], (*symbols, k), after) for k in allowed]
        candidates.sort(key=lambda candidate: -candidate[0])
        ended += [c for c in candidates[:beam] if c[1][-1] == END]
        unfinished = [c for c in candidates if c[1][-1] != END][:beam]
    return [s[:-1] for _, s, _ in sorted(ended, key=lambda candidate: -candidate[0])][:beam]


@pytest.mark.parametrize("beam", [1, 2, 3, 4])
def test_a_narrow_beam_is_a_search_by_hand(beam):
    """Hypotheses that are dropped before better ones, or ended while better ones are written."""
    for seed in range(25):
        weights = random_weights(PARAMETERS, seed, scale=2.0)
        weights["head.bias"][END] += 1  # texts of every length
        decoder, source = Decoder(SETTINGS, weights), source_of([TEXTS[0]])
        (written,) = search(decoder, source, np.array([6]), Decoding(beam))
        assert [tuple(one.symbols) for one in written] == beam_by_hand(decoder, source, 6, beam)


def test_a_text_is_the_same_alone_and_in_a_batch():
    """An attention to padding; the state, limit or draws of a neighbour, or of one that has ended.

    Draws end at different steps, so texts are left out of the batch one by one.
    """
    texts, most = TEXTS * 5, np.tile(MOST + 6, 5)
    for decoding in (Decoding(), Decoding(3), Decoding(temp=1.5)):

        def generators(seeds, decoding=decoding):
            return [np.random.default_rng(seed) for seed in seeds] if decoding.temp else ()

        together = search(DECODER, source_of(texts), most, decoding, generators(range(15)))
        lengths = {len(written[0].symbols) for written in together}
        assert len(lengths) > (3 if decoding.temp else 0)
        for number, (text, written) in enumerate(zip(texts, together, strict=True)):
            source, limit = source_of([text]), most[number : number + 1]
            (alone,) = search(DECODER, source, limit, decoding, generators([number]))
            assert [one.symbols for one in alone] == [one.symbols for one in written]
            for one, other in zip(alone, written, strict=True):
                steps = one.attention.shape[1]
                assert one.attention == pytest.approx(other.attention[:, :steps], abs=1e-5)


def test_draws_follow_the_probabilities():
    """A temperature that is not applied; a seed that changes nothing."""
    source, most = source_of([TEXTS[1]] * 2000), np.full(2000, 1)

    def drawn(temperature, seed):
        generators = [np.random.default_rng([seed, number]) for number in range(2000)]
        texts = search(DECODER, source, most, Decoding(temp=temperature), generators)
        return np.array([one.symbols[0] for one, *_ in texts])

    logits, _, _ = DECODER.step(np.array([END] * 2000), DECODER.first_state(source), source)
    expected = np.exp(logits[0, 1:].astype(float))
    shares = np.bincount(drawn(1.0, 1), minlength=K + 1)[1:] / 2000
    assert shares == pytest.approx(expected / expected.sum(), abs=0.05)
    cold = np.bincount(drawn(0.1, 1), minlength=K + 1)[1:] / 2000
    assert cold[expected.argmax()] > shares[expected.argmax()]
    assert (drawn(1.0, 1) == drawn(1.0, 1)).all()
    assert (drawn(1.0, 1) != drawn(1.0, 2)).any()


def test_a_decoder_that_has_diverged_is_an_error():
    """A text of symbols that are drawn from NaN."""
    decoder = Decoder(SETTINGS, WEIGHTS | {"head.bias": np.full(K + 1, np.nan, "f")})
    with pytest.raises(DivergedError):
        search(decoder, source_of(TEXTS), MOST)


@pytest.mark.parametrize(
    "given",
    [{"beam": 0}, {"max_length": 0}, {"top": 0}, {"temp": -1.0}, {"temp": float("nan")},
     {"seed": 1}, {"beam": 2, "temp": 1.0}],
)  # fmt: skip
def test_a_decoding_that_cannot_be_is_refused(given):
    """A beam of drawn texts, of which none is found; a seed without an effect."""
    with pytest.raises(UsageError):
        Decoding(**given)


@pytest.mark.parametrize("given", [{"beam": 2}, {"temp": 1.0}, {"max_length": 3}, {"top": 1}])
def test_what_is_asked_of_a_task_that_has_other_options_is_said(given):
    """A beam that is ignored."""
    model = ModelSettings(task="label")
    Decoding(skipped=3).check_effective(model, ())
    Decoding(**given).check_effective(model, given)
    with pytest.raises(UsageError, match="no effect with --task label"):
        Decoding(**given).check_effective(model, ("seed",))


def test_what_is_drawn_follows_from_the_seed_and_the_number():
    """Random numbers that depend on what stands beside an example."""
    first, second = Decoding(temp=1.0, seed=3).generators([5, 2])
    (alone,) = Decoding(temp=1.0, seed=3, skipped=2).generators([0])
    assert alone.random() == second.random() != first.random()
    assert Decoding(seed=None).generators([1]) == []
