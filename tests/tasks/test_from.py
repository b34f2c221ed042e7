"""Fine-tuning on examples: rows belong to symbols, wherever they stand in the new vocabularies."""

import numpy as np
import pytest

from charrnn.errors import CharRNNError
from charrnn.settings import ModelSettings, Request, TextSettings, TrainSettings
from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.storage.runs import MODEL
from charrnn.training.begin import begin
from charrnn.training.fine_tuning import transferred
from tests.random_models import random_weights
from tests.tasks.conftest import (
    SIZES,
    checkpoint_of,
    corpus_for,
    prepared,
    randomized,
    task_on,
)
from tests.tasks.examples import PAIRS

OTHER = {
    "label": "sea\tzas\nair\tbZ\nearth\tz\n" * 9,
    "tag": "from\tO\nZab\tB-goal\nz\tB-new\n\n" * 9,
    "rewrite": "zab\tZAAB\nbc\tBCé\n" * 9,
    "caption": "features/0.npy\tzx\nfeatures/1.npy\tyw\n" * 9,
    "picture-label": "left\tpictures/0.png\nup\tpictures/1.png\n" * 9,
    "feature-rewrite": "features/0.npy\tzx\nfeatures/1.npy\tyw\n" * 9,
    "frames-label": "up\tseries/1.npy\nleft\tseries/2.npy\n" * 9,
}
"""Examples with another alphabet, symbols that are new and symbols that are missing."""
EMBEDDINGS = ("embedding.weight",)
OUTPUTS = ("head.weight", "head.bias", "decoder.embedding.weight", "crf.transitions", "crf.first",
           "crf.last")  # fmt: skip
CHANGES = {"tag": {"crf": True, "bidirectional": True}, "label": {"bidirectional": True}}


def based(pair, home):
    """A checkpoint of random weights, and a corpus of other examples that it is fine-tuned on."""
    task = task_on(corpus_for(pair, home, 40), **CHANGES.get(pair, {}))
    module = randomized(task)
    own = {"input": PAIRS[pair].input, **PAIRS[pair].settings}
    corpus = prepared(home / "other.tsv", OTHER[pair], PAIRS[pair].task, split="100/0/0", **own)
    return checkpoint_of(task, module), corpus


@pytest.mark.parametrize("pair", OTHER)
def test_old_symbols_keep_their_rows_and_new_ones_begin_anew(home, pair):
    """A label that begins with another one's weights; an end of text that moves."""
    base, corpus = based(pair, home)
    fresh = random_weights(task_on(corpus, **CHANGES.get(pair, {})).parameters(base.model), seed=9)
    weights = transferred(base, corpus, fresh)
    symbols = base.tokenizer.symbols, corpus.tokenizer.symbols
    targets = base.target_vocabulary, corpus.target_vocabulary
    ends = 1 if base.model.task in ("rewrite", "caption") else 0
    if ends:
        targets = (("END", *targets[0]), ("END", *targets[1]))
    assert {*targets[1]} - {*targets[0]}
    assert {*targets[1]} & {*targets[0]}
    assert set(weights) == set(fresh)
    for name, weight in weights.items():
        old, new = symbols if name in EMBEDDINGS else targets
        if name not in EMBEDDINGS + OUTPUTS:
            assert np.array_equal(weight, base.weights[name]), name
            continue
        for row, symbol in enumerate(new):
            before = old.index(symbol) if symbol in old else None
            if name == "crf.transitions":
                for column, following in enumerate(new):
                    kept = before is not None and following in old
                    expected = base.weights[name][before, old.index(following)] if kept else None
                    is_expected = fresh[name][row, column] if expected is None else expected
                    assert weight[row, column] == is_expected
            elif before is None:
                assert np.array_equal(weight[row], fresh[name][row]), (name, symbol)
            else:
                assert np.array_equal(weight[row], base.weights[name][before]), (name, symbol)


def fine_tune(source, task, **text):
    """A run that is about to be fine-tuned from the run `base`."""
    settings = TextSettings(split="100/0/0", **text).with_names({"split", *text}, {*text})
    train = TrainSettings(steps=1, batch_size=4, device="cpu").with_names(("steps",), ())
    model = ModelSettings(task=task).with_names(("task",), ())
    return begin(Request(source, model, train, settings, base="base"), lambda _: None)


@pytest.mark.parametrize("pair", OTHER)
def test_a_fine_tuned_run_reads_examples_as_its_base_does(home, pair):
    """Names of pictures that are learned as texts, because --input is not said again."""
    base, _ = based(pair, home)
    (home / "checkpoints" / "base").mkdir(parents=True)
    save_checkpoint(home / "checkpoints" / "base" / MODEL, base)
    run = fine_tune("other.tsv", base.model.task)
    assert run.plan.base == "base"
    assert run.plan.corpus.input_shape == base.input_shape
    weights = run.model.export()
    ends = "max_length" in run.plan.task.output.options  # END is a symbol, too
    assert weights["head.bias"].shape == (len(run.plan.corpus.target_vocabulary) + ends,)
    run.release()


def test_frames_keep_the_scale_of_the_base(home):
    """Weights that see other numbers than those they were trained on; a corpus of another scale."""
    base, _ = based("frames-label", home)
    (home / "checkpoints" / "base").mkdir(parents=True)
    save_checkpoint(home / "checkpoints" / "base" / MODEL, base)
    scales = (1, 50), (1, 3)
    lines = []
    for number, (factor, offset) in enumerate(scales * 3):
        np.save(home / f"new{number}.npy", factor * np.ones((4, 2)) + offset)
        lines.append(f"{('up', 'left')[number % 2]}\tnew{number}.npy\n")
    (home / "new.tsv").write_text("".join(lines))
    own = prepared(home / "new.tsv", "".join(lines), input="frames", split="100/0/0")
    run = fine_tune("new.tsv", "label")
    corpus = run.plan.corpus
    assert corpus.input_scale == base.input_scale != own.input_scale
    mean, deviation = np.array(base.input_scale).T
    stored = {corpus.ids(n).tobytes() for n in range(6)}
    expected = {
        ((np.load(home / f"new{n}.npy") - mean) / deviation).clip(-100, 100).astype("<f2").tobytes()
        for n in range(6)
    }
    assert stored == expected
    run.release()
    with pytest.raises(CharRNNError, match="another scale"):
        fine_tune(str(own.folder), "label")
    np.save(home / "new0.npy", np.ones((4, 3)))
    with pytest.raises(CharRNNError, match=r"new.tsv, line 1: .* of 3 numbers, not of 2"):
        fine_tune("new.tsv", "label")


def test_what_fine_tuning_cannot_change_is_said(home):
    """Inputs of another shape, or several labels, of which a crash of NumPy tells."""
    base, _ = based("picture-label", home)
    (home / "checkpoints" / "base").mkdir(parents=True)
    save_checkpoint(home / "checkpoints" / "base" / MODEL, base)
    for change in ({"multi_label": True}, {"picture_size": "32x32"}, {"input": "text"}):
        with pytest.raises(CharRNNError, match="which fine-tuning cannot change"):
            fine_tune("other.tsv", "label", **change)
    np.save(home / "f.npy", np.ones((2, 3), np.float32))
    (home / "features.tsv").write_text("left\tf.npy\nup\tf.npy\n" * 3)
    with pytest.raises(CharRNNError, match="has inputs of the shape"):
        fine_tune("features.tsv", "label")
    assert (
        load_checkpoint(home / "checkpoints" / "base" / MODEL).model.hidden_size
        == SIZES["hidden_size"]
    )
