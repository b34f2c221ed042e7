"""Frames as inputs: how they are scaled, stored and masked."""

import json

import numpy as np
import pytest

from charrnn.errors import CharRNNError
from charrnn.models.predictor import Predictor
from charrnn.settings import TrainSettings
from tests.tasks.conftest import checkpoint_of, corpus_for, indices, prepared, randomized, task_on


def written(home, count=9):
    """Examples of series whose numbers are far from 0; the arrays by name."""
    rng, arrays = np.random.default_rng(1), {}
    for number in range(count):
        series = rng.normal(1e9, (1, 50, 0), (rng.integers(2, 9), 3))
        arrays[f"{number}.npy"] = series
        np.save(home / f"{number}.npy", series)
    return "".join(f"{'xy'[n % 2]}\t{n}.npy\n" for n in range(count)), arrays


def test_numbers_are_scaled_as_training_has_them(home):
    """A mean that loses its digits; a constant that is divided by 0; the scale of the test part."""
    lines, arrays = written(home)
    (home / "test.tsv").write_text("x\t8.npy\n")
    kept = "".join(line for line in lines.splitlines(True) if "8.npy" not in line)
    corpus = prepared(home / "a.tsv", kept, input="frames", test="test.tsv")
    frames = np.concatenate([array for name, array in arrays.items() if name != "8.npy"])
    mean, deviation = np.array(corpus.input_scale).T
    np.testing.assert_allclose(mean, frames.mean(0), rtol=1e-12)
    np.testing.assert_allclose(deviation[:2], frames.std(0)[:2], rtol=1e-6)
    assert corpus.input_shape == (0, 3)
    task = task_on(corpus)
    batch = task.batch_of(task.items, task.targets, indices(corpus))
    read = np.concatenate([batch.inputs[:n, b] for b, n in enumerate(batch.lengths)])
    np.testing.assert_allclose(read[:, :2].mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(read[:, :2].std(0), 1, atol=1e-3)
    assert (read[:, 2] == 0).all()
    model = Predictor(checkpoint_of(task, randomized(task)))
    stored = {corpus.ids(n).tobytes() for n in range(9)}
    assert {model.task.read(f"{n}.npy").tobytes() for n in range(9)} == stored


def test_frames_of_another_shape_and_too_few_tags_name_their_line(home):
    """A series that is reshaped to fit; tags of the frames of another clip."""
    np.save(home / "a.npy", np.zeros((2, 3)))
    np.save(home / "b.npy", np.zeros((2, 4)))
    with pytest.raises(CharRNNError, match=r"m.tsv, line 2: .*b.npy has frames of 4 "):
        prepared(home / "m.tsv", "x\ta.npy\ny\tb.npy\n", input="frames")
    with pytest.raises(CharRNNError, match=r"t.tsv, line 2: there are 2 frames and 3 tags"):
        prepared(home / "t.tsv", "a.npy\tx y\na.npy\tx y x\n", "tag", input="frames")
    with pytest.raises(CharRNNError, match="--task tag cannot use --input sound"):
        prepared(home / "t.tsv", "a.npy\tx y\n", "tag", input="sound")
    corpus = prepared(home / "g.tsv", "x\ta.npy\ny\ta.npy\n", input="frames", split="100/0/0")
    task = task_on(corpus)
    with pytest.raises(CharRNNError, match="has frames of 4 numbers"):
        Predictor(checkpoint_of(task, randomized(task))).predict(["b.npy"])


def test_masks_follow_from_seed_epoch_and_example(home):
    """A resumed run, or a rank, that hides something else; a mask on what is scored."""
    corpus = corpus_for("sound-label", home, 24)
    task = task_on(corpus)
    settings = TrainSettings(batch_size=6, augment=True, seed=3)
    plain, masked, again, part = (
        task.batches(*arguments)
        for arguments in (
            (TrainSettings(batch_size=6, seed=3), slice(None)), (settings, slice(None)),
            (settings, slice(None)), (settings, slice(2, 5)),
        )
    )  # fmt: skip
    batches = [batches.next() for batches in (plain, masked, again, part)]
    assert np.array_equal(batches[1].inputs, batches[2].inputs)
    longest = len(batches[3].inputs)
    assert np.array_equal(batches[1].inputs[:longest, 2:5], batches[3].inputs)
    hidden = (batches[1].inputs == 0) & (batches[0].inputs != 0)
    assert np.array_equal(batches[1].inputs[~hidden], batches[0].inputs[~hidden])
    for column, length in enumerate(batches[1].lengths - 1):  # zeros may fill the last
        clip = hidden[:length, column].reshape(length, 3, 40)
        is_band, is_time = clip.all((0, 1)), clip.all((1, 2))
        assert (clip == (is_time[:, None, None] | is_band)).all()
        assert is_band.mean() <= 0.8
    assert hidden.any()
    before = [again.next().inputs for _ in range(4)][-1]  # of the next epoch
    assert not np.array_equal(before, batches[1].inputs)
    scored = task.batch_of(task.items, task.targets, indices(corpus, "valid"))
    assert (scored.inputs[: scored.lengths.min()] != 0).mean() > 0.97


def test_positions_are_frames(home):
    """Cells of a video that CTC takes for frames, so that a text has too few; times that are off.

    Two symbols that are equal need three frames, and a clip may have two.
    """
    task = task_on(corpus_for("video-rewrite", home, 40), decoder="ctc")
    assert task.ctc_frames == 2
    assert task.input.step_seconds is None
    rated = task_on(corpus_for("video-rewrite", home, 40, frame_rate="4"), decoder="ctc")
    assert rated.input.step_seconds == 0.25
    assert task_on(corpus_for("sound-label", home, 9)).input.step_seconds == pytest.approx(0.03)


def test_a_damaged_corpus_is_said(home):
    """NaN as a loss that nobody can explain; a scale of another shape."""
    corpus = corpus_for("frames-label", home, 12)
    path = corpus.folder / "tokens.bin"
    path.write_bytes(b"\xff\x7f" * (len(path.read_bytes()) // 2))
    task = task_on(corpus_for("frames-label", home, 12))
    with pytest.raises(CharRNNError, match="damaged"):
        task.batch_of(task.items, task.targets, indices(corpus))
    said = json.loads((corpus.folder / "corpus.json").read_text())
    for scale in ([[0, 1]], [[0, 0], [0, 1]], [[0, 1], [0, float("inf")]], "x", [[0], [1]]):
        (corpus.folder / "corpus.json").write_text(json.dumps(said | {"input_scale": scale}))
        from charrnn.text.corpus_files import open_corpus

        with pytest.raises(CharRNNError, match="not a prepared corpus"):
            open_corpus(corpus.folder)
