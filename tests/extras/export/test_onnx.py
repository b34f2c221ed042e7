"""ONNX graphs, run by onnxruntime, are the network."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import charrnn as interface
from charrnn.cells import CELLS
from charrnn.extras.export.onnx_model import onnx_models
from charrnn.extras.export.rounding import rounded_network
from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.network.language_model import LanguageModel
from charrnn.settings import TextSettings
from charrnn.text.pictures import png_of
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Characters, to_json
from tests.conftest import call_charrnn, tale
from tests.extras.export.session import Session
from tests.extras.export.task_models import checkpoint_of
from tests.extras.export.vocabularies import FEW, MANY, NUMBERS, VOCABULARIES
from tests.random_models import random_checkpoint

PAGE = Path(__file__).parents[3] / "docs" / "onnx.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
STEPS, BATCH = 200, 2


def by_steps(checkpoint, ids, dtype="fp32"):
    return np.stack(play(onnx_models(checkpoint, dtype, "step")[""], ids))


def by_sequences(checkpoint, ids, dtype="fp32"):
    return np.concatenate(
        play(onnx_models(checkpoint, dtype, "sequence")[""], [ids[:77], ids[77:]])
    )


def play(data, parts):
    """The logits of ids, call after call."""
    session = Session(data)
    session.reset(BATCH)
    return [session(ids=ids)["logits"] for ids in parts]


def ids_of(tokenizer):
    return np.random.default_rng(1).integers(tokenizer.size, size=(STEPS, BATCH))


@pytest.mark.parametrize(
    ("cell", "one_hot"), [*((cell, False) for cell in CELLS), ("lstm", True), ("clockwork", True)]
)
def test_both_graphs_give_the_logits_of_numpy(cell, one_hot):
    """Gates in ONNX's order that are not ours; a state that is lost between two calls."""
    checkpoint = random_checkpoint(FEW, cell=cell, scale=0.12, one_hot=one_hot, layers=2)
    network, ids = LanguageModel(checkpoint.model, checkpoint.weights), ids_of(FEW)
    expected = network.trace(ids, network.zero_state(BATCH)).logits
    for found in (by_steps(checkpoint, ids), by_sequences(checkpoint, ids)):
        assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("dtype", ["fp16", "int8"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "mgu", "clockwork"])
def test_rounded_weights_are_those_of_the_rounded_network(cell, dtype):
    """A scale that belongs to another row once the gates are in another order."""
    checkpoint = random_checkpoint(FEW, cell=cell, scale=0.12, layers=2, embedding_size=4)
    exact, ids = LanguageModel(checkpoint.model, checkpoint.weights), ids_of(FEW)
    for play, as_table in ((by_steps, True), (by_sequences, False)):
        network = rounded_network(exact, dtype, as_table=as_table)
        expected = network.trace(ids, network.zero_state(BATCH)).logits
        assert play(checkpoint, ids, dtype) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["char and bytes", "byte", "bpe", "number"])
def test_both_graphs_give_the_logits_of_numpy_with_every_tokenizer(name):
    """A large vocabulary, whose embedding is looked up, in the wrong table."""
    tokenizer = NUMBERS if name == "number" else VOCABULARIES[name]
    checkpoint = random_checkpoint(tokenizer, scale=0.15)
    network, ids = LanguageModel(checkpoint.model, checkpoint.weights), ids_of(tokenizer)
    expected = network.trace(ids, network.zero_state(BATCH)).logits
    for found in (by_steps(checkpoint, ids), by_sequences(checkpoint, ids)):
        assert found == pytest.approx(expected, abs=1e-4)


def test_each_tokenizer_is_in_the_file():
    """A file that cannot be played, because nobody knows what its ids are."""
    text = tale(3000)
    subwords = TOKENIZERS["bpe"].learn([text], TextSettings(tokenizer="bpe", vocab_size=300))
    for tokenizer in (FEW, Bytes(documents=True), subwords, NUMBERS):
        checkpoint = random_checkpoint(tokenizer)
        data = onnx_models(checkpoint, "fp32", "step")[""]
        model = onnx.load_from_string(data)
        found = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
        assert found["charrnn"]["tokenizer"] == json.loads(json.dumps(to_json(tokenizer)))
        assert found["charrnn"]["model"]["cell"] == "lstm"
        assert len(found["vocabulary"]) == tokenizer.size
        assert onnx_models(checkpoint, "fp32", "step")[""] == data


def test_weights_are_stored_once_and_in_their_type():
    """A file of int8 that is larger than one of fp32."""
    for tokenizer, one_hot in ((FEW, False), (MANY, True)):
        checkpoint = random_checkpoint(tokenizer, hidden_size=64, one_hot=one_hot)
        for dtype, each in {"fp32": 4, "fp16": 2, "int8": 1}.items():
            for graph in ("step", "sequence"):
                size = len(onnx_models(checkpoint, dtype, graph)[""])
                assert size < each * checkpoint.parameters * 1.05 + 30_000


def test_without_the_package_the_command_says_what_to_install(used, monkeypatch):
    """A traceback where an extra is missing."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = used("export", "tale", "--onnx")
    assert done.code == 6
    assert "-m pip install 'onnx>=" in done.err


@pytest.fixture(scope="module")
def exported(trained):
    """A folder with the files that the guide plays."""
    for flags in (["-o", "plays.onnx"], ["--graph", "sequence", "-o", "plays-sequence.onnx"]):
        done = call_charrnn(trained, "export", "tale", "--onnx", *flags)
        assert done.code == 0, done.err
    return trained


def test_the_examples_of_the_guide_run(exported, monkeypatch, capsys):
    """An example of ten lines that has lost one."""
    monkeypatch.chdir(exported)
    sampling, scoring, *_ = EXAMPLES
    exec(sampling, {})
    text = capsys.readouterr().out
    assert text.startswith("The ")
    assert len(text.rstrip("\n")) in range(95, 102)
    exec(scoring, named := {})
    score = interface.load(exported / "checkpoints" / "tale").score("The old king sat by the sea.")
    assert named["bits"] == pytest.approx(score.bits_per_character, abs=1e-5)


def test_the_examples_of_other_tasks_run(tmp_path, monkeypatch, capsys):
    """An example that reads a text, or a picture, otherwise than `predict` does."""
    monkeypatch.chdir(tmp_path)
    picture = np.random.default_rng(3).integers(0, 256, (16, 8), np.uint8)
    (tmp_path / "line.png").write_bytes(png_of(picture))
    cases = {"languages": "label", "slots": "tag, CRF", "spoken": "rewrite, dot"}
    cases["reader"] = "pictures"
    runs = {}
    for run, name in cases.items():
        changes = {"hidden_size": 16} if run == "spoken" else {}
        checkpoint = checkpoint_of(name, "gru", tokenizer=Characters(" abcdfghmorst"), **changes)
        runs[run] = Predictor(checkpoint)
        for kind, data in onnx_models(checkpoint, "fp32").items():
            (tmp_path / f"{run}{'-' * bool(kind)}{kind}.onnx").write_bytes(data)
    named = {}
    for example in EXAMPLES[2:]:
        exec(example, named)
    label, tags, written, caption = capsys.readouterr().out.splitlines()
    assert label == runs["languages"].predict(["dabsch"])[0].line
    assert tags.split() == runs["slots"].predict(["from abc dcb to hag"])[0].tags
    longest = {"max_length": 60}
    assert written.split() == runs["spoken"].predict(["abcd"], **longest)[0].symbols[:60]
    item = picture.ravel()
    task = runs["reader"].task
    (expected,) = task.predict(runs["reader"].network, [""], [item], Decoding(max_length=60))
    assert caption.split() == expected.symbols
