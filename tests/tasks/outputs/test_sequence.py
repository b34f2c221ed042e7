"""Sequences of symbols: scores against sums by hand, and what is written."""

import numpy as np
import pytest

from charrnn.errors import UsageError
from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.network.decoder import END
from charrnn.tasks.outputs.sequence_scores import edit_distance
from tests.tasks.conftest import checkpoint_of, corpus_for, prepared, randomized, task_on


@pytest.fixture
def model(home):
    """A model of random weights, which writes something."""
    task = task_on(corpus_for("rewrite", home, 60))
    return Predictor(checkpoint_of(task, randomized(task, scale=0.7)))


def losses_of(model, ids, symbols):
    """The loss of each symbol after the true ones before it, and of END; one by one."""
    encoder, decoder = model.network.encoder, model.network.head
    outputs, mask = encoder.encode(ids[:, None].astype(np.int64), np.array([len(ids)]))
    source = decoder.source(outputs, mask, encoder.summary(outputs, mask))
    state, before, losses = decoder.first_state(source), END, []
    for symbol in [*(symbol + 1 for symbol in symbols), END]:
        logits, state, _ = decoder.step(np.array([before]), state, source)
        losses.append(float(np.logaddexp.reduce(logits[0].astype(float)) - logits[0, symbol]))
        before = symbol
    return losses


def test_a_symbol_that_the_model_lacks_is_wrong_and_without_a_loss(model):
    """A symbol that becomes the end of a text, is written rightly, or lowers the mean loss."""
    ids = [model.task.read(text) for text in ("abc", "dd")]
    lacked = len(model.targets)
    targets = [[1, lacked, 2], [0]]
    short = Decoding(max_length=4)
    score = model.score(ids, [np.array(target) for target in targets], short)
    first, second = losses_of(model, ids[0], [1, END - 1, 2]), losses_of(model, ids[1], [0])
    scored = [first[0], first[2], first[3], *second]  # END stands for what the model lacks
    assert score.loss == pytest.approx(np.mean(scored), rel=1e-4)
    written = [p.symbols for p in model.predict(["abc", "dd"], decoding=short)]
    true = [[model.targets[n] if n < lacked else None for n in target] for target in targets]
    assert (score.texts, score.symbols) == (2, 4)
    assert score.errors == sum(map(edit_distance, true, written))
    assert score.exact == sum(a == b for a, b in zip(true, written, strict=True))


def test_no_text_is_longer_than_it_may_be(model):
    """A limit that counts the end, or that one example has of another."""
    for most in (1, 3):
        (found,) = model.predict(["abcd"], decoding=Decoding(max_length=most))
        assert 0 < len(found.symbols) <= most


def test_a_beam_lists_what_it_found(model):
    """The best text twice; a record without the others."""
    (found,) = model.predict(["abc"], decoding=Decoding(beam=4, max_length=5))
    texts = [found.text, *(text for text, _ in found.alternatives)]
    logs = [found.log_probability, *(log for _, log in found.alternatives)]
    assert len(set(texts)) == len(texts) == 4
    assert logs == sorted(logs, reverse=True)
    assert [one["prediction"] for one in found.record()["alternatives"]] == texts[1:]
    assert found.attention.shape == (len(found.symbols), 3)


def test_what_cannot_be_asked_of_labels(corpus):
    """A temperature of labels, which nothing draws."""
    task = task_on(corpus)
    model = Predictor(checkpoint_of(task, randomized(task)))
    with pytest.raises(UsageError, match='no effect with task="label"'):
        model.predict(["as"], decoding=Decoding(temp=1.0))


def test_words_are_symbols_too(home):
    """Words without spaces between; an empty one."""
    lines = "".join(f"{n}\tword{n % 3}  and {n % 2}\n" for n in range(40))
    corpus = prepared(home / "words.tsv", lines, "rewrite", target_unit="word", split="100/0/0")
    assert corpus.target_vocabulary == ("0", "1", "and", "word0", "word1", "word2")
    task = task_on(corpus)
    symbols = [corpus.target_vocabulary[n] for n in corpus.targets_of(0)]
    assert task.output.between.join(symbols).count(" ") == 2
    model = Predictor(checkpoint_of(task, randomized(task)))
    (found,) = model.predict(["12"], decoding=Decoding(max_length=3))
    assert found.text == " ".join(found.symbols)
    assert "word_error_rate" in model.score([], []).scores


def test_texts_without_an_alignment_are_counted_and_have_no_bits(home):
    """0.0 bits, the best there is, of texts that no alignment can write; one left out silently."""
    task = task_on(corpus_for("rewrite", home, 40), decoder="ctc", ctc_frames=1)
    model = Predictor(checkpoint_of(task, randomized(task)))
    ids, targets = [model.task.read("ab")] * 2, [np.array([0, 1]), np.array([0, 1, 0])]
    alone, both = model.score(ids[:1], targets[:1]), model.score(ids, targets)
    assert (alone.unscored, both.unscored, both.texts) == (0, 1, 2)
    assert both.loss == pytest.approx(alone.loss)
    (table,) = both.tables()
    assert table.notes[1].startswith("not in the bits: 1 text with more symbols than frames")
    assert np.isnan(model.score(ids[1:], targets[1:]).loss)
