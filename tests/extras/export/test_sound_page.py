"""What the page makes of sound is what Python makes of it."""

import numpy as np
import pytest
import soundfile

from charrnn.models.predictor import Predictor
from charrnn.text.sound import log_mel, normalized, stacked
from tests.extras.export.task_models import RATE, SOUND, checkpoint_on
from tests.extras.export.test_task_graphs import COMPARE

HEARD = "return heard(Float32Array.from(samples), {rate, stack});"


def clip(seconds, rate=RATE):
    """A tone that rises, over noise that begins after a while."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(5).normal(size=len(time)) * 0.05
    return (0.3 * np.sin(2000 * time * (1 + time)) + noise * (time > 0.1)).astype(np.float32)


@pytest.mark.parametrize(
    ("seconds", "rate", "stack"), [(0.5, 8000, 3), (0.01, 8000, 2), (0.4, 4020, 1), (0.3, 48000, 7)]
)
def test_features_are_those_of_python(engine, seconds, rate, stack):
    """A band of another frequency; a window of another width; a frame that is left out."""
    samples = np.round(clip(seconds, rate) * 32768).astype(np.float32) / 32768
    found = engine.run(HEARD, samples=samples.tolist(), rate=rate, stack=stack)
    expected = stacked(normalized(log_mel(samples, rate)), stack).astype(np.float16)
    assert found["length"] == len(expected)
    numbers = np.reshape([*found["numbers"].values()], expected.shape)
    np.testing.assert_allclose(numbers, expected, atol=0.002, rtol=0.001)
    assert (numbers == expected).mean() > 0.95  # others are the next number of 16 bits


@pytest.mark.parametrize(
    ("task", "changes"), [("label", {}), ("rewrite", {}), ("rewrite", {"decoder": "ctc"})]
)
def test_the_page_predicts_what_predict_does(engine, tmp_path, task, changes):
    """Frames that are not in 16 bits; a clip read backwards; the frames of another symbol."""
    checkpoint = checkpoint_on(SOUND, task, "gru", bidirectional=True, **changes)
    engine.load(checkpoint)
    soundfile.write(tmp_path / "clip.wav", clip(0.6), RATE)
    (expected,) = (model := Predictor(checkpoint)).predict([str(tmp_path / "clip.wav")])
    samples, _ = soundfile.read(tmp_path / "clip.wav", dtype="float32")
    source = engine.run(HEARD, samples=samples.tolist(), rate=RATE, stack=2)
    source["numbers"] = [*source["numbers"].values()]
    COMPARE[type(model.task.output)](engine, source, expected)


def test_a_symbol_of_ctc_comes_from_the_frames_that_say_it(engine):
    """A place that is counted in frames, where a position has several."""
    found = engine.run(
        """const logits = Float32Array.from([0,9,0, 0,9,0, 9,0,0, 0,9,0, 0,0,9, 0,0,9]);
        const model = {targets: ["a", "b"], ctc: 2, graphs: {}};
        const predictor = new Predictor(model, {});
        predictor._program = () => ({ run: () => ({ logits }) });
        const found = [...predictor._aligned([{}, {}])];
        return found.map(({text, attention}) => [text, [...attention]]);"""
    )
    assert found == [["a", [1, 0, 0]], ["a", [0, 1, 0]], ["b", [0, 0, 1]]]
