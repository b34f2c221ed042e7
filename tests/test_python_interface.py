"""`import charrnn`, as a notebook or a script uses it."""

import doctest
import json
import subprocess
import sys

import pytest

import charrnn
from charrnn import models as model_module
from charrnn.errors import CheckpointError, TextError, UsageError
from charrnn.events import Finished, Prepared, Stepped
from tests.conftest import call_charrnn, tale


@pytest.fixture
def model(trained, monkeypatch):
    """The run `tale`, loaded in its folder."""
    monkeypatch.chdir(trained)
    monkeypatch.delenv("CHARRNN_HOME", raising=False)
    return charrnn.load("tale")


def test_examples_in_docstrings_are_true(home):
    """Documentation that has outlived the code."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    for module in charrnn, model_module:
        found = doctest.DocTestFinder().find(module, extraglobs=None)
        given = {"charrnn": charrnn}
        if module is model_module:
            given["model"] = charrnn.load("tale")
        runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
        for example in found:
            example.globs.update(given)
            runner.run(example)
        assert runner.tries > 4
        assert runner.failures == 0


def test_a_sample_is_what_the_command_prints(model, used):
    """A prompt that is counted or repeated; settings that go to another flag."""
    options = {"temp": 0.7, "top_k": 20, "top_p": 0.95, "min_p": 0.001, "stop": "king", "seed": 3}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    text = model.sample("The ", length=60, **options)
    assert "".join(model.stream("The ", length=60, **options)) == text
    assert used("sample", "tale", "--prompt", "The ", "--length", "60", *flags).out == f"The {text}"
    assert model.samples(2, "The ", 60, **options)[0] == text
    assert model.sample(length=60, seed=1) == used("sample", "--length=60", "--seed=1").out


def test_a_score_is_what_eval_prints(model, used, tmp_path):
    """Another first token, another protocol."""
    text = tale(3000, seed=9)
    (tmp_path / "other.txt").write_text(text, "utf-8")
    (printed,) = [json.loads(used("eval", "tale", str(tmp_path / "other.txt"), "--json").out)]
    found = model.score(text)
    assert found.loss == pytest.approx(printed["loss"], abs=1e-5)
    assert found.bits_per_character == pytest.approx(printed["bits_per_character"], abs=1e-4)
    assert (found.tokens, found.bytes) == (printed["tokens"], printed["bytes"])


def test_training_is_what_the_command_does(home):
    """Settings that do not arrive, events that do not, another model than the command's."""
    (home / "tale.txt").write_text(tale(5000), "utf-8")
    events = []
    settings = {"cell": "gru", "hidden_size": 16, "steps": 4, "batch_size": 4, "split": "80/20"}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    model = charrnn.train(home / "tale.txt", run="here", events=events.append, **settings)
    assert (model.run, model.settings.cell, model.settings.hidden_size) == ("here", "gru", 16)
    assert [type(event) for event in events].count(Finished) == 1
    assert {Prepared, Stepped} <= {type(event) for event in events}
    result = call_charrnn(home, "train", "tale.txt", "--run", "there", *flags)
    assert result.code == 0, result.err
    there = charrnn.load("there")
    assert model.sample(seed=1, length=99) == there.sample(seed=1, length=99)


def test_a_corpus_can_be_prepared_first(home):
    """A corpus that is prepared again with other settings on the way."""
    (home / "tale.txt").write_text(tale(5000), "utf-8")
    corpus = charrnn.prepare(home / "tale.txt", tokenizer="byte", split="50/50", name="bytes")
    assert (corpus.name, corpus.tokenizer.kind, len(corpus.part("test"))) == ("bytes", "byte", 0)
    model = charrnn.train(corpus, steps=2, hidden_size=8)
    assert model.tokenizer.kind == "byte"
    assert model.checkpoint.text.split == "50/50"
    with pytest.raises(UsageError):
        charrnn.train(corpus, steps=2, tokenizer="char")
    both = charrnn.prepare([home / "tale.txt", "tale.txt"])
    assert len(both.tokens) == 2 * 5000


def test_mistakes_are_errors_with_a_next_step(model):
    """A misspelt setting that is ignored; a traceback of another package."""
    with pytest.raises(UsageError, match="hidden_sise") as error:
        charrnn.train("tale.txt", hidden_sise=3)
    assert error.value.hint == "Did you mean hidden_size?"
    with pytest.raises(UsageError, match="splot"):
        charrnn.prepare("tale.txt", splot="9/1")
    with pytest.raises(UsageError, match="steps"):
        charrnn.train("tale.txt", steps=0)
    with pytest.raises(UsageError, match="temp"):
        model.sample(temp=-1)
    with pytest.raises(UsageError, match="top_q") as error:
        model.samples(2, top_q=3)
    assert "top_" in error.value.hint
    with pytest.raises(TextError):
        model.sample("日本")
    with pytest.raises(TextError):
        model.score("x" * 10 + "日")
    with pytest.raises(CheckpointError):
        charrnn.load("no such run")


CODE = """
import sys, charrnn
assert not {"numpy", "torch", "pydantic", "rich", "typer"} & set(sys.modules)
model = charrnn.load("tale")
model.sample("The ", length=9), model.samples(3, length=9), model.score("The king.")
assert "numpy" in sys.modules
assert not {"torch", "rich", "typer"} & set(sys.modules)
"""


def test_import_loads_nothing_heavy_and_a_model_needs_numpy_alone(trained):
    """A notebook that waits for torch, which it does not need."""
    subprocess.run([sys.executable, "-c", CODE], cwd=trained, check=True)
