"""`import charrnn`, as a notebook or a script uses it."""

import doctest
import json
import pickle
import re
import shutil
import subprocess
import sys
from html import escape
from importlib import import_module
from types import SimpleNamespace

import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.errors import CheckpointError, TextError, UsageError
from charrnn.events import Finished, Noticed, Prepared, Stepped
from tests.conftest import call_charrnn, tale


def test_examples_in_docstrings_are_true(home):
    """Documentation that has outlived the code."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    models = "charrnn.models.text_model", "charrnn.models.predictor"
    modules = dict.fromkeys(["charrnn", *charrnn._MODULES.values(), *models])
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    for name in [*modules, "charrnn.models.words"]:
        for example in doctest.DocTestFinder().find(import_module(name)):
            example.globs["charrnn"] = charrnn
            if name in models:
                example.globs["model"] = charrnn.load("tale")
            runner.run(example)
    assert runner.tries > 20
    assert runner.failures == 0


def test_a_sample_is_what_the_command_prints(model, used):
    """A prompt that is counted or repeated; settings that go to another flag."""
    options = {"temp": 0.7, "top_k": 20, "top_p": 0.95, "min_p": 0.001, "stop": "king", "seed": 3}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    text = model.sample("The ", length=60, **options)
    assert "".join(model.stream("The ", length=60, **options)) == text
    assert used("sample", "tale", "--prompt", "The ", "--length", "60", *flags).out == f"The {text}"
    assert model.samples(2, "The ", 60, **options)[0] == text
    assert model.sample(seed=1) == used("sample", "--seed=1").out  # as long by default


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


def test_a_run_is_resumed_as_the_command_does(home):
    """A resumed run that is another one, or that loads what it was before."""
    (home / "tale.txt").write_text(tale(5000), "utf-8")
    settings = {"hidden_size": 8, "batch_size": 4, "seq_length": 8, "device": "cpu"}
    events = []
    charrnn.train("tale.txt", run="cut", steps=4, events=events.append, **settings)
    (notice,) = [e.message for e in events if isinstance(e, Noticed) and "repeat" in e.message]
    assert re.search(r'charrnn\.train\("tale-\w+", hidden_size=8, .*steps=4\)', notice)
    events.clear()
    resumed = charrnn.resume("cut", steps=6, events=events.append)
    assert resumed.checkpoint.train.steps == 6
    assert [event.step for event in events if isinstance(event, Finished)] == [6]
    with pytest.raises(CheckpointError, match="nix"):
        charrnn.resume("nix")


def test_functions_of_extras_return_what_their_commands_show(model, used):
    """Arrays in another order than the text; records that are not those of --json."""
    text = "The old king."
    read = charrnn.probe(text, run="tale")
    assert "".join(read.text) == text
    assert read.logits.shape == (len(text), model.tokenizer.size)
    (first, *_) = [
        json.loads(x) for x in used("probe", "tale", text, "--steps", "--json").out.splitlines()
    ]
    assert first["values"]["2.c"] == pytest.approx(read.units["2.c"][0].tolist(), abs=1e-5)
    flows = charrnn.gradients(text=tale(300), cell=["elman", "mgu"], hidden_size=8)
    assert [*flows] == ["elman 1x8", "mgu 1x8"]
    assert [*flows["mgu 1x8"][0].singular] == [*CELLS["mgu"].blocks]
    (record,) = charrnn.compare()
    (printed,) = [json.loads(x) for x in used("compare", "--json").out.splitlines()]
    assert record.items() >= printed.items()
    assert record["training"]


def test_progress_is_shown_where_it_is_asked_for(home, capsys):
    """An hour in a notebook without a sign of life; one that was not asked for."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    settings = {"steps": 2, "hidden_size": 8}
    charrnn.train("tale.txt", **settings)
    assert capsys.readouterr() == ("", "")
    charrnn.train("tale.txt", progress=True, **settings)
    shown = capsys.readouterr()
    assert "step 2" in shown.err
    assert shown.out == ""


@pytest.fixture
def kernel(monkeypatch):
    """What the program shows below a cell: the kernel of a notebook, as far as it is asked."""
    pages = []

    class DisplayHandle:
        def display(self, html):
            pages.append([html])

        def update(self, html):
            pages[-1].append(html)

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = SimpleNamespace(HTML=str, DisplayHandle=DisplayHandle)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return pages


def test_a_notebook_shows_progress_unless_events_listen(home, kernel, capsys):
    """Lines on stderr in a notebook; progress that nobody can turn off; two of it."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    settings = {"steps": 2, "hidden_size": 8}
    charrnn.train("tale.txt", run="shown", **settings)
    assert "Trained shown for 2 steps" in kernel[0][-1]
    charrnn.train("tale.txt", progress=False, **settings)
    charrnn.train("tale.txt", events=lambda _: None, **settings)
    assert len(kernel) == 1
    charrnn.train("tale.txt", events=lambda _: None, progress=True, **settings)
    assert len(kernel) == 2
    assert capsys.readouterr() == ("", "")


def test_what_the_functions_return_shows_itself(copied_run, home):
    """A model without its curves, or with those of another run; a text in one line."""
    model = charrnn.load("tale")
    html = model._repr_html_()
    assert all(word in html for word in ("lstm 2x32", "parameters", "bits per character", "<svg"))
    score = model.score("The old king.")
    assert f"{score.bits_per_character:.3f} bits per character" in score._repr_html_()
    text = model.sample("The ", length=300, seed=1)
    assert escape(text) in text._repr_html_()
    assert json.loads(json.dumps(text)) == text
    assert "<table" in charrnn.compare()._repr_html_()
    assert pickle.loads(pickle.dumps(charrnn.compare())) == charrnn.compare()
    assert "<span" in charrnn.probe("The king", run="tale")._repr_html_()
    assert "norm of the gradient" in charrnn.gradients("tale")._repr_html_()
    (home / "away").mkdir()
    copied_run.rename(home / "checkpoints" / "renamed")
    shutil.copy(home / "checkpoints" / "renamed" / "model.safetensors", home / "away")
    assert "<svg" in charrnn.load("renamed")._repr_html_()
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    charrnn.train("tale.txt", steps=2, hidden_size=8, run="tale")
    elsewhere = charrnn.load("away")
    assert elsewhere.run == "tale"
    assert "<svg" not in elsewhere._repr_html_()


def test_the_module_lists_its_interface():
    """Names that only the documentation knows; those of modules that happen to be imported."""
    assert dir(charrnn) == sorted(["__version__", *charrnn._MODULES])
    assert all(callable(getattr(charrnn, name)) for name in charrnn._MODULES)
    assert {*charrnn.__all__} == {*dir(charrnn)}
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = charrnn.laod


def test_mistakes_are_errors_with_a_next_step(model):
    """A misspelt setting that is ignored; a traceback of another package."""
    with pytest.raises(UsageError) as error:
        model.sample(temperature=0.5)
    assert error.value.hint == "Did you mean temp?"
    with pytest.raises(UsageError, match="hidden_sise") as error:
        charrnn.train("tale.txt", hidden_sise=3)
    assert error.value.hint == "Did you mean hidden_size?"
    with pytest.raises(UsageError, match="splot"):
        charrnn.prepare("tale.txt", splot="9/1")
    with pytest.raises(UsageError, match="steps"):
        charrnn.train("tale.txt", steps=0)
    with pytest.raises(UsageError, match="temp"):
        model.sample(temp=-1)
    with pytest.raises(UsageError, match="gain"):
        charrnn.gradients(cell="relu", text="hello", gain=-1.0)
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
