"""Beam search, the Viterbi algorithm, spans and edit distance, beside what is tried one by one."""

from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from charrnn.inference.decoder import Decoder
from charrnn.inference.tagger import viterbi
from charrnn.network.encoder_decoder import EncoderDecoder
from charrnn.network.tagger import Tagger
from hypothesis import given, strategies as st

from charrnn.inference.search import END, search
from charrnn.settings import ModelSettings
from charrnn.tasks.outputs.sequence_scores import RewriteScore, edit_distance
from charrnn.tasks.outputs.tag_scores import Span, TagScore, spans

K = 3  # symbols, tags


def decoder():
    """A network whose weights are not those that it starts with."""
    torch.manual_seed(2)
    settings = ModelSettings(task="rewrite", hidden_size=6, embedding_size=4, bidirectional=True)
    model = EncoderDecoder(settings, 5, K)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return Decoder(settings, model.export())


TEXTS = [np.array([1, 2, 3]), np.array([4]), np.array([0, 0])]
MOST = np.array([3, 2, 3])


def log_probability(network, text, symbols):
    source = network.read_texts([text])
    state, before, total = network.first_state(source), END, 0.0
    for symbol in (*symbols, END):
        logs, state, _ = network.step(np.array([before]), state, source)
        logs = logs[0].astype(float)
        if before == END:  # no text is empty
            logs[END] = -np.inf
        total += logs[symbol]
        before = symbol
    return total


def test_a_wide_beam_finds_the_likeliest_texts():
    """A text that is lost, scored wrongly, too long, or that is another source's."""
    network = decoder()
    found = search(network, network.read_texts(TEXTS), MOST, beam=50)
    for text, most, written in zip(TEXTS, MOST.tolist(), found, strict=True):
        every = [s for n in range(1, most + 1) for s in product(range(1, K + 1), repeat=n)]
        ranked = sorted(every, key=lambda s, text=text: -log_probability(network, text, s))
        assert [tuple(one.symbols) for one in written[:5]] == ranked[:5]
        for one in written[:5]:
            expected = log_probability(network, text, one.symbols)
            # at the limit a text has to end, whatever its end costs
            assert one.log_probability == pytest.approx(expected, abs=1e-4)
            assert one.attention.shape == (len(one.symbols), 3)
            assert one.attention.sum(1) == pytest.approx(1)
            assert not one.attention[:, len(text) :].any()


def test_a_text_is_the_same_alone_and_in_a_batch():
    """An attention to padding; a state of the neighbour."""
    network = decoder()
    for beam in (1, 3):
        together = search(network, network.read_texts(TEXTS), MOST, beam)
        for text, most, written in zip(TEXTS, MOST, together, strict=True):
            (alone,) = search(network, network.read_texts([text]), np.array([most]), beam)
            assert [one.symbols for one in alone] == [one.symbols for one in written]


def test_draws_follow_the_probabilities():
    """A temperature that is not applied; a seed that changes nothing."""
    network = decoder()
    source = network.read_texts([TEXTS[1]] * 2000)
    most = np.full(2000, 1)

    def drawn(temperature, seed):
        own = [np.random.default_rng([seed, number]) for number in range(2000)]
        texts = search(network, source, most, temperature=temperature, generators=own)
        return np.array([one.symbols[0] for one, *_ in texts])

    logs, _, _ = network.step(np.array([END]), network.first_state(source), source)
    expected = np.exp(logs[0, 1:].astype(float))
    found = np.bincount(drawn(1.0, 1), minlength=K + 1)[1:] / 2000
    assert found == pytest.approx(expected / expected.sum(), abs=0.05)
    cold = np.bincount(drawn(0.1, 1), minlength=K + 1)[1:] / 2000
    assert cold[expected.argmax()] > found[expected.argmax()]
    assert (drawn(1.0, 1) == drawn(1.0, 1)).all()
    assert (drawn(1.0, 1) != drawn(1.0, 2)).any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_viterbi_and_the_forward_algorithm_see_all_sequences(seed, steps):
    """Transitions on their side; a first or last tag that is counted twice."""
    rng = np.random.default_rng(seed)
    logits, transitions = rng.normal(size=(steps, K)), rng.normal(size=(K, K))
    first, last = rng.normal(size=(2, K))
    scores = {}
    for tags in product(range(K), repeat=steps):
        pairs = sum(transitions[a, b] for a, b in pairwise(tags))
        there = sum(logits[step, tag] for step, tag in enumerate(tags))
        scores[tags] = first[tags[0]] + last[tags[-1]] + pairs + there
    best = max(scores, key=scores.__getitem__)
    assert tuple(viterbi(logits, transitions, first, last).tolist()) == best
    model = Tagger(ModelSettings(task="tag", crf=True, hidden_size=2, embedding_size=2), 4, K)
    with torch.no_grad():
        for name, values in {"transitions": transitions, "first": first, "last": last}.items():
            model.get_parameter(f"crf.{name}").copy_(torch.from_numpy(values))
        padded = torch.from_numpy(np.append(logits, np.ones((2, K)), 0)).float()[:, None]
        tags = torch.tensor([*best, 0, 0])[:, None]
        loss = model.losses(padded, tags, torch.tensor([steps]))
    total = np.log(sum(np.exp(score) for score in scores.values()))
    assert loss.item() == pytest.approx(total - scores[best], abs=1e-4)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("B-x I-x O B-x B-x", [(0, 1, "x"), (3, 3, "x"), (4, 4, "x")]),
        ("I-x I-y I-y O", [(0, 0, "x"), (1, 2, "y")]),
        ("B-x E-x I-x S-x U-y", [(0, 1, "x"), (2, 2, "x"), (3, 3, "x"), (4, 4, "y")]),
        ("N N . O N", [(0, 1, "N"), (2, 2, "."), (4, 4, "N")]),
        ("O O", []),
        ("B-x I-y", [(0, 0, "x"), (1, 1, "y")]),
    ],
)
def test_spans_of_every_scheme(tags, found):
    """Two spans that are joined, or one that is cut."""
    assert spans(tags.split()) == [Span(*one) for one in found]


def test_a_span_counts_if_all_of_it_is_right():
    """An end that does not matter; a kind that does not."""
    score = TagScore()
    score.add(["B-x", "I-x", "O", "B-y"], ["B-x", "O", "O", "B-y"])
    score.add(["B-x"], ["B-x"])
    assert (score.accuracy, score.span_f1) == (4 / 5, 2 / 3)
    assert score.of_kind("x") == {"spans": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_edit_distance_is_the_shortest_way(a, b):
    """An insertion that is free; a replacement that counts twice."""

    @cache
    def distance(m, n):
        if not m or not n:
            return m + n
        changed = distance(m - 1, n - 1) + (a[m - 1] != b[n - 1])
        return min(changed, distance(m - 1, n) + 1, distance(m, n - 1) + 1)

    assert edit_distance(a, b) == distance(len(a), len(b))
    score = RewriteScore()
    score.add(a, b)
    assert (score.exact, score.errors) == (a == b, distance(len(a), len(b)))
