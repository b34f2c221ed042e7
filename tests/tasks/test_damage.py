"""Files of tasks that say what is not so: an error that names them, never a traceback."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from charrnn.errors import CharRNNError
from charrnn.files import corpus_folders
from charrnn.models import model_of
from charrnn.models.predictor import Predictor
from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.tasks import task_of
from charrnn.tasks.example_task import ExampleTask
from charrnn.text.corpus_files import open_corpus
from tests.storage.test_strangers import resealed
from tests.tasks.conftest import checkpoint_of, corpus_for, randomized, task_on
from tests.tasks.examples import PAIRS

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(), st.text(max_size=3),
    st.sampled_from(["text", "label", "tag", "rewrite", "caption", "picture", "frames",
                     "sound", "none", "additive"]),
    st.lists(st.one_of(st.integers(-1, 40), st.text(max_size=2)), max_size=4),
    st.lists(st.lists(st.floats(), max_size=3), max_size=4),
)  # fmt: skip
MODEL_FIELDS = ["task", "bidirectional", "crf", "attention", "layers", "hidden_size", "one_hot"]
TEXT_FIELDS = ["multi_label", "tag_unit", "target_unit", "picture_size", "tokenizer", "input",
               "frame_rate", "sample_rate", "frame_stack"]  # fmt: skip
FIELDS = ["labels", "input_shape", "input_scale", "tokenizer", "corpus"]
CORPUS = ["task", "labels", "examples", "targets", "bounds", "input_shape", "input_scale", "tokens",
          "dtype"]  # fmt: skip
LESS = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=PAIRS)
def place(request, tmp_path_factory):
    """A home with a corpus, the file of an untrained model, and what it may predict of."""
    home = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", str(home))
        corpus = corpus_for(request.param, home, 30)
        task = task_on(corpus, hidden_size=4, embedding_size=3)
        save_checkpoint(home / "model.safetensors", checkpoint_of(task, randomized(task)))
        words = (home / f"{request.param}.tsv").read_text("utf-8").split()
        yield home, next((str(home / word) for word in words if "/" in word), "ab c")


@LESS
@given(where=st.sampled_from(["model", "text", ""]), data=st.data(), value=VALUES)
def test_a_model_that_says_what_is_not_so(place, where, data, value):
    """Labels that are missing, sizes that do not fit, another task, another input."""
    home, text = place
    names = {"model": MODEL_FIELDS, "text": TEXT_FIELDS, "": FIELDS}[where]
    name = data.draw(st.sampled_from(names))
    shutil.copy(home / "model.safetensors", home / "changed.safetensors")
    resealed(home / "changed.safetensors", **({where: {name: value}} if where else {name: value}))
    try:
        model = model_of(load_checkpoint(home / "changed.safetensors"))
        if isinstance(model, Predictor):
            model.predict([text])
    except CharRNNError as error:
        assert error.hint


@LESS
@given(name=st.sampled_from([*CORPUS, *TEXT_FIELDS]), value=VALUES)
def test_a_corpus_that_says_what_is_not_so(place, name, value):
    """An index beyond a file's end, a task or an input that its examples are not of."""
    home, _ = place
    (folder,) = [path for path in corpus_folders() if not path.name.startswith("changed")]
    shutil.rmtree(home / "changed", ignore_errors=True)
    shutil.copytree(folder, home / "changed")
    said = json.loads((home / "changed" / "corpus.json").read_text("utf-8"))
    (said["text"] if name in TEXT_FIELDS else said)[name] = value
    (home / "changed" / "corpus.json").write_text(json.dumps(said), "utf-8")
    try:
        corpus = open_corpus(home / "changed")
        task = task_of(load_checkpoint(home / "model.safetensors").model, corpus)
        if isinstance(task, ExampleTask):
            task.batch_of(task.items, task.targets, np.array(corpus.examples("train"))[:5])
    except CharRNNError as error:
        assert error.hint
