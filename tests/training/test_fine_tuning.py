"""Fine-tuning: what a run takes over from another, and what it says of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import charrnn
from charrnn.engine.module import module_of
from charrnn.errors import CheckpointError, TextError, UsageError
from charrnn.events import Evaluated, Noticed
from charrnn.inference.score import score
from charrnn.network.language_model import LanguageModel
from charrnn.settings import CellName, ModelSettings, Request, TextSettings, TrainSettings, read
from charrnn.storage.checkpoint import About, Checkpoint, load_checkpoint, read_about
from charrnn.storage.runs import MODEL
from charrnn.tasks import task_of
from charrnn.text.tokenizers import END, Bytes, Characters
from charrnn.training.begin import begin
from charrnn.training.fine_tuning import load_base, transferred
from charrnn.training.record import train_and_record
from tests.conftest import damage, tale
from tests.training.conftest import arrays_of, events_of, make_run, resume, stop_after

SIZES = {"hidden_size": 16, "embedding_size": 8, "layers": 2, "dropout": 0.0}
NEW = tale(4000, seed=1).replace("e", "ё").replace("o", "ø")


def base_of(symbols: str, cell: CellName = "lstm", **settings: object) -> Checkpoint:
    """An untrained model for these characters."""
    model = ModelSettings(**{"cell": cell, **SIZES, **settings})  # type: ignore[arg-type]  # by name
    about = About("base", model, TrainSettings(), TextSettings(), "tale", "key")
    made = Checkpoint(**vars(about), tokenizer=Characters(symbols), step=1, loss=None, weights={})
    return replace(made, weights=fresh(made))


def fresh(subject: Checkpoint) -> Mapping[str, NDArray[np.float32]]:
    """The weights of a new network for a model's vocabularies."""
    return module_of(task_of(subject.model, subject), subject.model).export()


def begun(folder: Path, name: str, base: str = "tale", text: str = NEW, **given: object):
    """A new run from a base, and what was said of it. One that takes few steps."""
    (folder / "new.txt").write_text(text, "utf-8")
    given = {"steps": 12, "batch_size": 8, "seq_length": 16, **given}
    said: list[str] = []

    def emit(event: object) -> None:
        said.extend([event.message] if isinstance(event, Noticed) else [])

    model, settings = read(ModelSettings, {"dropout": 0.1}), read(TrainSettings, given)
    request = Request("new.txt", model, settings, TextSettings(), name, base)
    return begin(request, emit), said


@pytest.mark.parametrize(
    ("cell", "settings"),
    [
        ("lstm", {}), ("gru", {"one_hot": True}), ("mogrifier", {"one_hot": True}),
        ("lstm", {"tie_weights": True, "embedding_size": 16}), ("mingru", {"one_hot": True}),
    ],
)  # fmt: skip
def test_the_order_of_an_alphabet_does_not_matter(cell, settings):
    """Rows that are matched by their number; a matrix of the vocabulary that is forgotten."""
    base = base_of("abcdefgh", cell, **settings)
    rng = np.random.default_rng(0)
    order = rng.permutation(8)
    other = replace(base, tokenizer=Characters("".join(base.tokenizer.symbols[n] for n in order)))
    ids = rng.integers(0, 8, 300)
    permuted = np.argsort(order)[ids].astype(np.uint8)  # the same text in the other alphabet
    losses = [
        score(LanguageModel(base.model, weights), text, base.tokenizer).loss
        for weights, text in (
            (base.weights, ids.astype(np.uint8)),
            (transferred(base, other, fresh(other)), permuted),
        )
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-6)


def test_new_symbols_get_fresh_rows_and_unused_ones_are_dropped():
    """A new letter that means what an old one did; END that loses its meaning."""
    base = base_of("abc" + END)
    other = replace(base, tokenizer=Characters(END + "bz"))
    new = fresh(other)
    found = transferred(base, other, new)
    for name in ("embedding.weight", "head.weight", "head.bias"):
        assert np.array_equal(found[name][:2], base.weights[name][[3, 1]])
        assert np.array_equal(found[name][2], new[name][2])
    assert np.array_equal(found["layers.1.weight_hh"], base.weights["layers.1.weight_hh"])


def test_a_run_begins_with_the_weights_and_says_so(copied_run):
    """A run that begins from nothing under the name of fine-tuning; an average of other weights."""
    base = load_base("tale", lambda _: None)
    run, said = begun(copied_run.parent.parent, "fine")
    assert run.model.settings == replace(base.model, dropout=0.1)
    assert said[-1].startswith(
        f"Fine-tuning from tale: vocabulary of {base.tokenizer.size}, 2 new, 2 unused; "
        f"learning rate {run.plan.train.learning_rate:g}, "
    )
    peak, lower = base.train.peak_learning_rate, run.plan.train.learning_rate
    assert lower
    assert lower < peak
    assert run.plan.train.adamw_learning_rate < base.train.adamw_learning_rate
    a = run.plan.corpus.tokenizer.symbols.index("a")
    old = base.weights["embedding.weight"][base.tokenizer.symbols.index("a")]
    for network in (run.model, run.ema.model):
        assert np.array_equal(network.export()["embedding.weight"][a], old)
    first = next(event for event in events_of(run) if isinstance(event, Evaluated))
    assert first.step == 0
    bits = first.scores["bits_per_character"]
    assert f"validation begins at {bits:.3f} bits per character" in said[-1]


def test_given_learning_rates_are_taken(copied_run):
    """A flag that is silently replaced."""
    run, _ = begun(copied_run.parent.parent, "fine", learning_rate=0.01, adamw_learning_rate=0.002)
    assert (run.plan.train.learning_rate, run.plan.train.adamw_learning_rate) == (0.01, 0.002)


def test_a_worse_fine_tuning_keeps_the_base(copied_run):
    """The base's text fine-tuned to nonsense, and the better model lost."""
    rates = {"learning_rate": 1.0, "adamw_learning_rate": 1.0}
    run, _ = begun(copied_run.parent.parent, "fine", text=tale(20_000), **rates)
    events_of(run)
    assert load_checkpoint(run.plan.folder / MODEL).step == 0


def test_a_stopped_fine_tuning_resumes_exactly_and_keeps_its_base(copied_run):
    """A resumed run that begins with the base's weights again, or forgets where it comes from."""
    home = copied_run.parent.parent
    whole, _ = begun(home, "whole")
    train_and_record(whole, lambda _: None, lambda: False)
    cut, _ = begun(home, "cut")
    train_and_record(cut, lambda _: None, stop_after(5))
    assert cut.step == 5
    cut.lock.release()
    rest = resume("cut")
    said: list[object] = []
    train_and_record(rest, said.append, lambda: False)
    expected = arrays_of(whole)
    for name, array in arrays_of(rest).items():
        assert np.array_equal(array, expected[name]), name
    assert load_checkpoint(rest.plan.folder / MODEL).base == rest.plan.base == "tale"
    assert any(re.search(r"charrnn train new-\w{8} --from tale", str(event)) for event in said)


def test_a_file_without_a_base_is_read():
    """Models of before fine-tuning that cannot be read any more."""
    about = base_of("ab").describe()
    assert read_about({k: v for k, v in about.items() if k != "base"}).base == ""


def test_more_text_in_the_same_vocabulary_is_fine_tuning_too(copied_run):
    """A run that is resumed on another text as if it were its own."""
    home, said = copied_run.parent.parent, []
    (home / "more.txt").write_text(tale(3000, seed=2), "utf-8")
    run = resume("tale", "more.txt", said.append, steps=3)
    assert (run.plan.folder.name, run.plan.base, run.step) == ("more", "tale", 0)
    base = load_base("tale", lambda _: None)
    assert run.plan.corpus.tokenizer.symbols == base.tokenizer.symbols
    notices = [event.message for event in said if isinstance(event, Noticed)]
    assert "more is not the text of run tale: a new run is trained on it." in notices
    assert any("0 new, 0 unused" in notice for notice in notices)
    (home / "new.txt").write_text(NEW, "utf-8")
    with pytest.raises(TextError, match="'ø'") as error:
        resume("tale", "new.txt", steps=3)
    assert "charrnn train new.txt --from tale" in error.value.hint


def test_the_same_text_by_its_name_still_resumes(copied_run):
    """A resumed run that is taken for fine-tuning."""
    home = copied_run.parent.parent
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    assert resume("tale", "tale.txt", steps=160).step == 150


@pytest.mark.parametrize("given", [{"tokenizer": "byte"}, {"hidden_size": 48}])
def test_what_must_be_the_bases_cannot_be_given(copied_run, given):
    """A flag that has no effect, or a network whose weights do not fit."""
    (copied_run.parent.parent / "new.txt").write_text(NEW, "utf-8")
    with pytest.raises(UsageError, match=min(given)):
        charrnn.train("new.txt", base="tale", steps=2, **given)


def test_a_byte_model_is_fine_tuned_to_any_text(home):
    """Rows of 256 bytes that are matched as if they were letters."""
    run = make_run(home, tale(3000), ModelSettings(**SIZES), words=TextSettings("byte"), steps=2)
    events_of(run)
    fine, said = begun(home, "fine", str(run.plan.folder))
    assert isinstance(fine.plan.corpus.tokenizer, Bytes)
    assert "vocabulary of 256, 0 new, 0 unused" in said[-1]
    assert "bits per byte" in said[-1]


def test_runs_that_cannot_be_begun_with_are_errors(copied_run):
    """A traceback for a wrong name."""
    with pytest.raises(CheckpointError, match="there is no run nobody"):
        load_base("nobody", lambda _: None)
    for path in copied_run.glob("model*.safetensors"):
        damage(path)
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        load_base("tale", lambda _: None)
