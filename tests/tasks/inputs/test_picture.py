"""Pictures and features as inputs."""

import numpy as np
import pytest

from charrnn.errors import CharRNNError
from charrnn.models.predictor import Predictor
from charrnn.settings import ModelSettings, TrainSettings, read
from charrnn.training.run import Plan
from tests.conftest import call_charrnn
from tests.tasks.conftest import checkpoint_of, corpus_for, prepared, randomized, task_on

FLAGS = ("--task", "label", "--input", "picture", "--picture-size", "16x32", "--steps", "1")


def test_pictures_are_kept_as_they_are_and_found_beside_their_file(home, monkeypatch):
    """A name that is looked for in the current folder; pixels of another picture."""
    corpus = corpus_for("picture-label", home, 20)
    assert corpus.input_shape == (1, 16, 32)
    task = task_on(corpus)
    model = Predictor(checkpoint_of(task, randomized(task)))
    stored = {corpus.ids(n).tobytes() for n in range(20)}
    assert {model.task.read(f"pictures/{n}.png").tobytes() for n in range(20)} == stored
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    score = model.score_file("../picture-label.tsv")
    assert score.examples == 20
    with pytest.raises(CharRNNError, match="there is no file pictures"):
        model.predict(["pictures/0.png"])


def test_pictures_change_as_seed_epoch_and_example_say(home):
    """A change that depends on the batch; pictures that are lost, or are of other examples."""
    corpus = corpus_for("picture-label", home, 40)
    task = task_on(corpus)
    plain, changed, part = (
        task.batches(TrainSettings(batch_size=8, seed=3, augment=augment), part)
        for augment, part in ((False, slice(None)), (True, slice(None)), (True, slice(2, 5)))
    )
    before, after, some = (batches.next().inputs for batches in (plain, changed, part))
    assert after.shape == before.shape == (8, 1, 16, 32)
    assert after.dtype == np.float32
    assert np.array_equal(after[2:5], some)
    assert (after != before).any((1, 2, 3)).all()
    assert np.abs(after).max() < 2
    distances = np.abs(after[:, None] - before[None]).mean((2, 3, 4))
    assert (distances.diagonal() <= distances.min(1) + 0.2).all()
    for _ in range(len(corpus.examples("train")) // 8):
        following = changed.next()
    assert changed.epoch == 1
    assert not np.array_equal(following.inputs, after)
    scored = task.batch_of(task.items, task.targets, np.array(corpus.examples("valid")))
    for number, pixels in zip(corpus.examples("valid"), scored.inputs, strict=True):
        stored = corpus.ids(number).reshape(1, 16, 32).astype(np.float32)
        np.testing.assert_allclose(pixels, stored / 127.5 - 1, atol=1e-6)


def test_all_inputs_have_one_shape(home):
    """Features that are reshaped to fit, or a crash of NumPy."""
    for name, size in (("a", 3), ("b", 4)):
        np.save(home / f"{name}.npy", np.zeros((2, size), np.float32))
    lines = "x\ta.npy\ny\tb.npy\n"
    with pytest.raises(CharRNNError, match="and those before it"):
        prepared(home / "mixed.tsv", lines, input="picture")
    corpus = prepared(home / "one.tsv", "x\ta.npy\ny\ta.npy\n" * 2, input="picture",
                      split="100/0/0")  # fmt: skip
    task = task_on(corpus)
    model = Predictor(checkpoint_of(task, randomized(task)))
    with pytest.raises(CharRNNError, match=r"has the shape \(2, 4\), not \(2, 3\)"):
        model.predict(["b.npy"])


def test_an_input_that_the_task_has_anyway_is_as_if_not_given(home):
    """A corpus of captions that is prepared again, or that other versions do not find."""
    caption = corpus_for("caption", home, 20)
    named = corpus_for("caption", home, 20, input="picture")
    rewriting = corpus_for("feature-rewrite", home, 20)
    assert named.key == caption.key != rewriting.key
    assert '"input"' not in (caption.folder / "corpus.json").read_text()
    assert '"input": "picture"' in (rewriting.folder / "corpus.json").read_text()
    assert (named.tokens == rewriting.tokens).all()


def test_pictures_are_learned_at_a_lower_rate(home):
    """The rate of texts, with which digits that move are not learned; a given one, overruled."""
    corpus = corpus_for("picture-label", home, 20)
    settings = ModelSettings(task="label"), TrainSettings(), corpus.text
    assert Plan(corpus, *settings).train.learning_rate == 0.02
    given = read(TrainSettings, {"learning_rate": 0.1})
    assert Plan(corpus, settings[0], given, corpus.text).train.learning_rate == 0.1
    for flags, told in ((), "learning rate 0.02"), (("--learning-rate", "0.1"), "Chose lstm"):
        chosen = call_charrnn(home, "train", "picture-label.tsv", *FLAGS, *flags).err
        assert told in chosen
        assert ("learning rate 0.02" in chosen) == (not flags)
