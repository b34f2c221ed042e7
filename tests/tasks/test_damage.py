"""Files of tasks that say what is not so: an error that names them, never a traceback."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from charrnn.errors import CharRNNError
from charrnn.files import corpus_folders
from charrnn.models import Predictor
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charrnn.tasks import predicts_targets, task_of
from charrnn.text.corpus_files import open_corpus
from tests.storage.test_strangers import resealed
from tests.tasks.conftest import corpus_for
from tests.tasks.examples import FILES

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(), st.text(max_size=3),
    st.sampled_from(["text", *FILES, "none", "dot", "additive"]),
    st.lists(st.one_of(st.integers(-1, 40), st.text(max_size=2)), max_size=4),
)  # fmt: skip
MODEL_FIELDS = ["task", "bidirectional", "crf", "attention", "layers", "hidden_size", "one_hot"]
TEXT_FIELDS = ["multi_label", "tag_unit", "target_unit", "picture_size", "tokenizer"]
FIELDS = ["labels", "input_shape", "tokenizer", "corpus"]
CORPUS = ["task", "labels", "examples", "targets", "bounds", "input_shape", "tokens", "dtype"]
LESS = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def untrained(corpus):
    """The checkpoint of a small model of a corpus."""
    model = ModelSettings(task=corpus.task, hidden_size=4, embedding_size=3)
    parameters = task_of(model, corpus).parameters(model)
    return Checkpoint(
        "run", model, TrainSettings(), corpus.text, corpus.name, corpus.key,
        tokenizer=corpus.tokenizer, step=0, loss=None,
        weights={name: np.full(p.shape, 0.1, np.float32) for name, p in parameters.items()},
        target_vocabulary=corpus.target_vocabulary, input_shape=corpus.input_shape,
    )  # fmt: skip


@pytest.fixture(scope="module", params=FILES)
def place(request, tmp_path_factory):
    """The task, its home with a corpus, and the file of an untrained model."""
    home = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", str(home))
        corpus = corpus_for(request.param, home, 30)
        save_checkpoint(home / "model.safetensors", untrained(corpus))
        yield request.param, home


@LESS
@given(where=st.sampled_from(["model", "text", ""]), data=st.data(), value=VALUES)
def test_a_model_that_says_what_is_not_so(place, where, data, value):
    """Labels that are missing, sizes that do not fit, another task."""
    task, home = place
    names = {"model": MODEL_FIELDS, "text": TEXT_FIELDS, "": FIELDS}[where]
    name = data.draw(st.sampled_from(names))
    shutil.copy(home / "model.safetensors", home / "changed.safetensors")
    resealed(home / "changed.safetensors", **({where: {name: value}} if where else {name: value}))
    text = "features/0.npy" if task == "caption" else "ab c"
    try:
        checkpoint = load_checkpoint(home / "changed.safetensors")
        if predicts_targets(checkpoint.model):
            Predictor(checkpoint).predict([str(home / text) if task == "caption" else text])
    except CharRNNError as error:
        assert error.hint


@LESS
@given(name=st.sampled_from(CORPUS), value=VALUES)
def test_a_corpus_that_says_what_is_not_so(place, name, value):
    """An index beyond a file's end, or a task that its examples are not of."""
    task, home = place
    (folder,) = [path for path in corpus_folders() if not path.name.startswith("changed")]
    shutil.rmtree(home / "changed", ignore_errors=True)
    shutil.copytree(folder, home / "changed")
    said = json.loads((home / "changed" / "corpus.json").read_text("utf-8"))
    said[name] = value
    (home / "changed" / "corpus.json").write_text(json.dumps(said), "utf-8")
    try:
        corpus = open_corpus(home / "changed")
        model = ModelSettings(task=corpus.task if corpus.task in FILES else task)
        task_of(model, corpus).batches(TrainSettings(), slice(5)).next()
    except CharRNNError as error:
        assert error.hint
