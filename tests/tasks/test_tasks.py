"""What every task that learns from examples promises."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.events import Evaluated, Sampled
from charrnn.inference.models import MODELS
from charrnn.inference.task_model import Decoding
from charrnn.network.encoder_decoder import EncoderDecoder
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.runs import MODEL
from charrnn.tasks import TASKS, rewrite, task_on
from charrnn.tasks.example_batches import batch_of
from charrnn.training.loop import train, training_step
from charrnn.training.run import Plan, Run
from charrnn.training.saving import save_training
from tests.tasks.conftest import corpus_for
from tests.training.conftest import resume

CPU = torch.device("cpu")
SETTINGS = TrainSettings(steps=200, batch_size=16, device="cpu", precision="fp32")
SIZES = {"hidden_size": 16, "embedding_size": 8, "layers": 2, "dropout": 0.0}
VARIANTS = {
    "label": [{}, {"bidirectional": True}],
    "tag": [{}, {"bidirectional": True}, {"crf": True}],
    "rewrite": [{}, {"bidirectional": True}, {"attention": "additive"}, {"attention": "none"}],
    "caption": [{}, {"attention": "additive"}, {"attention": "none"}],
}
EVERY = [(task, changes) for task, found in VARIANTS.items() for changes in found]
LEARNED = [
    ("label", {"bidirectional": True}), ("tag", {"bidirectional": True, "crf": True}),
    ("rewrite", {"bidirectional": True}), ("rewrite", {"attention": "none"}),
    ("caption", {"attention": "additive"}),
]  # fmt: skip


def near(value):
    """Equal but for rounding: to 1e-6."""
    return pytest.approx(value, abs=1e-6, rel=1e-6)


def run_of(task, home, settings=SETTINGS, **changes):
    """A run in its folder."""
    folder = home / "checkpoints" / "run"
    folder.mkdir(parents=True)
    corpus = corpus_for(task, home)
    model = ModelSettings(task=task, **{**SIZES, **changes})
    return Run(Plan(corpus, model, settings, corpus.text, folder))


def test_every_task_has_its_examples():
    """A task that no test below knows."""
    assert set(VARIANTS) == set(MODELS) == set(TASKS) - {"text"}


@pytest.mark.parametrize(("task", "changes"), LEARNED)
def test_it_learns_the_rule_and_says_so(home, task, changes):
    """A loss of other targets; a validation of other examples; scores that NumPy does not get."""
    events = []
    run = run_of(task, home, hidden_size=32, **changes)
    train(run, events.append, lambda: False)
    last = [event for event in events if isinstance(event, Evaluated)][-1]
    assert last.loss < 0.5 * run.plan.task.uniform_loss
    main = {"label": "accuracy", "tag": "span_f1"}.get(task, "exact_match")
    assert last.scores[main] > 0.6
    assert [event for event in events if isinstance(event, Sampled)][-1].text
    checkpoint = load_checkpoint(run.plan.folder / MODEL)
    corpus, numbers = run.plan.corpus, run.plan.corpus.examples("valid")
    inputs = [corpus.ids(number) for number in numbers]
    targets = [corpus.targets_of(number) for number in numbers]
    score = MODELS[task](checkpoint).score(inputs, targets)
    whole = run.plan.task.score(run.ema.model, np.array(numbers), bf16=False, ranks=ALONE)
    assert score.loss == pytest.approx(whole.loss, abs=1e-4)
    assert score.scores == pytest.approx(whole.scores, abs=1e-4)


def test_a_resumed_run_is_the_run_that_was_not_stopped(home, task):
    """A generator, an order or an optimizer that begins again."""
    run = run_of(task, home, dropout=0.2)
    for _ in range(7):
        training_step(run)
    save_training(run)
    following = [training_step(run).item() for _ in range(40)]
    again = resume("run")
    assert again.step == 7
    assert [training_step(again).item() for _ in range(40)] == following


@pytest.mark.parametrize(("task", "changes"), EVERY)
def test_padding_and_parts_change_nothing(home, task, changes):
    """An example whose result depends on others of its batch, or on how a batch is divided."""
    torch.manual_seed(1)
    corpus = corpus_for(task, home, 12)
    found = task_on(task, corpus)
    numbers = np.array(corpus.examples("train"))[:5]
    together = batch_of(found.collate(numbers), CPU)
    for cell in CELLS:
        model = found.network(ModelSettings(task=task, cell=cell, **{**SIZES, **changes}))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))

            def loss(batch, part, model=model):
                return found.loss(model, batch, part, [])[0].item()

            size = len(numbers)
            parts = 3 * loss(together, slice(0, 3)) + (size - 3) * loss(together, slice(3, size))
            assert parts / size == near(loss(together, slice(0, size))), cell
            for column in range(size):
                alone = batch_of(found.collate(numbers[column : column + 1]), CPU)
                again = loss(together, slice(column, column + 1))
                assert loss(alone, slice(0, 1)) == near(again), (cell, column)


@pytest.mark.parametrize(("task", "changes"), EVERY)
def test_a_gradient_reaches_every_weight(home, task, changes):
    """A direction, an attention or a layer that never learns."""
    run = run_of(task, home, **changes)
    training_step(run)
    for name, parameter in run.model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any() or name.endswith("bias_ih"), name


def test_numpy_and_torch_agree_on_every_cell(home, task, monkeypatch):
    """An equation of the decoder, or of a direction, that is written down twice, differently."""
    monkeypatch.setattr(rewrite, "_DECODED", 1)  # untrained networks write without end
    corpus = corpus_for(task, home, 40)
    found, examples = task_on(task, corpus), corpus.examples("train")
    inputs = [corpus.ids(number) for number in examples]
    targets = [corpus.targets_of(number) for number in examples]
    short = Decoding(max_length=2 if task in ("rewrite", "caption") else None)
    for cell in CELLS:
        for changes in VARIANTS[task]:
            settings = ModelSettings(task=task, cell=cell, **{**SIZES, **changes})
            torch.manual_seed(1)
            model = found.network(settings)
            about = checkpoint_of(found, model)
            score = MODELS[task](about).score(inputs, targets, short)
            expected = found.score(model, np.array(examples), bf16=False, ranks=ALONE)
            assert score.loss == pytest.approx(expected.loss, abs=1e-5), (cell, changes)


def test_each_rank_reads_its_part_of_one_batch(home, task):
    """Two processes that read the same examples, or pad them to other lengths."""
    found = task_on(task, corpus_for(task, home))
    whole = found.batches(TrainSettings(batch_size=15), ALONE, CPU)
    parts = [found.batches(TrainSettings(batch_size=15), Ranks(rank, 2), CPU) for rank in (0, 1)]
    for _ in range(3):
        batch, some = whole.next(()), [part.next(()) for part in parts]
        for name in ("lengths", "counts"):
            whole_values, *values = (getattr(one, name) for one in (batch, *some))
            if whole_values is not None:
                assert whole_values.tolist() == [n for value in values for n in value.tolist()]


def checkpoint_of(task, model):
    """A checkpoint of a network that has not been trained."""
    from charrnn.storage.checkpoint import Checkpoint

    corpus = task.corpus
    return Checkpoint(
        "run", model.settings, SETTINGS, corpus.text, corpus.name, corpus.key,
        tokenizer=corpus.tokenizer, step=0, loss=None, weights=model.export(),
        labels=task.labels, input_shape=task.input_shape,
    )  # fmt: skip


def test_what_is_kept_of_a_picture_does_not_saturate():
    """A product of all cells, so large that every picture looks the same."""
    torch.manual_seed(1)
    settings = ModelSettings(task="caption", attention="none", hidden_size=48)
    model = EncoderDecoder(settings, 256, 3, (1, 32, 128))
    with torch.no_grad():
        summary = model.read(torch.rand(8, 1, 32, 128) * 2 - 1, None).summary
    assert summary.abs().mean() < 0.5
    assert summary.abs().max() < 0.95
