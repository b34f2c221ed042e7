"""Arguments of public functions, and methods that a model does not have."""

from inspect import isfunction
from types import SimpleNamespace

import pytest

import charrnn
from charrnn.errors import CharRNNError, UsageError
from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.models.text_model import TextModel
from tests.tasks.examples import labelled, rewritten


@pytest.fixture(scope="module")
def predictors(tmp_path_factory):
    """Models that predict labels, and texts."""
    home, made = tmp_path_factory.mktemp("predictors"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", str(home))
        for task, text in ("label", labelled(60)), ("rewrite", rewritten(60)):
            (home / task).write_text(text, "utf-8")
            made.append(charrnn.train(home / task, task=task, steps=3, hidden_size=8, run=task))
    return made


def test_how_a_text_is_written_needs_no_other_import(predictors):
    """A beam that is not followed; a default that `Decoding` does not have."""
    label, rewrite = predictors
    beam = rewrite.predict(["abc"], beam=3, max_length=4)
    (same,) = rewrite.predict(["abc"], decoding=Decoding(beam=3, max_length=4))
    assert beam[0].record() == same.record()
    drawn = rewrite.predict(["abc"], temp=1.0, seed=2)
    assert drawn[0].text == rewrite.predict(iter(["abc"]), temp=1.0, seed=2)[0].text
    with pytest.raises(UsageError, match='beam has no effect with task="label"'):
        label.predict(["abc"], beam=3)


def test_a_method_of_another_kind_of_model_is_explained(model, predictors):
    """AttributeError for whoever has loaded another run; a `hasattr` that raises."""
    with pytest.raises(CharRNNError, match='task="text": it has no predict') as error:
        model.predict(["a"])
    assert "sample" in error.value.hint
    with pytest.raises(CharRNNError, match='task="label": it has no sample') as error:
        predictors[0].sample()
    assert "predict" in error.value.hint
    assert not hasattr(model, "targets")
    with pytest.raises(AttributeError, match="no attribute 'smaple'"):
        model.smaple()


WRONG = [
    lambda at: at.model.score(None),
    lambda at: at.model.sample(5),
    lambda at: at.model.sample(length="long"),
    lambda at: at.model.sample(temp=None, seed="x"),
    lambda at: at.model.samples(None),
    lambda at: at.model.stream(stop=5),
    lambda at: at.model.score(),
    lambda at: at.label.predict([5]),
    lambda at: at.label.predict("abc"),
    lambda at: at.label.predict(5),
    lambda at: at.label.score(None, None),
    lambda at: at.label.score_part("all"),
    lambda at: at.label.score_file(5),
    lambda at: at.package.load(5),
    lambda at: at.package.load(events="x"),
    lambda at: at.package.train(None),
    lambda at: at.package.train("tale.txt", run=5),
    lambda at: at.package.train("tale.txt", events="x"),
    lambda at: at.package.train("tale.txt", steps="many"),
    lambda at: at.package.train("tale.txt", steps=0),
    lambda at: at.package.train(),
    lambda at: at.package.resume(["tale"]),
    lambda at: at.package.prepare([5]),
    lambda at: at.package.prepare("tale.txt", jobs="x"),
    lambda at: at.package.compare(5),
    lambda at: at.package.probe(None),
    lambda at: at.package.gradients(5),
    lambda at: at.package.gradients(cell="lstn", text="abc"),
]


def test_arguments_of_a_wrong_type_are_a_sentence(model, predictors):
    """An error of what happens to be called first with them."""
    at = SimpleNamespace(package=charrnn, model=model, label=predictors[0])
    for number, call in enumerate(WRONG):
        with pytest.raises(CharRNNError) as error:
            call(at)
        assert "Input should" not in error.value.message, number
        assert error.value.hint, number
        assert error.value.__notes__ == [error.value.hint]  # which a traceback shows


def test_every_public_function_checks_what_it_is_given():
    """A new method whose wrong arguments end in an error of what it happens to call first."""
    functions = {name: getattr(charrnn, name) for name in charrnn._MODULES if name.islower()}
    for kind in TextModel, Predictor:
        methods = {name: value for name, value in vars(kind).items() if name[0] != "_"}
        functions |= {name: value for name, value in methods.items() if isfunction(value)}
    assert {"train", "compare", "stream", "score_file"} <= functions.keys()
    assert [name for name, call in functions.items() if not hasattr(call, "__wrapped__")] == []
