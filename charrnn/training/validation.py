"""Validation: the averaged weights are evaluated, kept if they are the best, and sampled from."""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from charrnn.engine.devices import autocast, to_device
from charrnn.engine.module import AnyModule
from charrnn.engine.ranks import Ranks
from charrnn.errors import DivergedError
from charrnn.evaluation.loss import evaluate
from charrnn.events import Emit, Evaluated, Sampled
from charrnn.tasks.base import Score, Task
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.examples import Indices
from charrnn.tasks.language_model import LanguageModelTask
from charrnn.tasks.outputs.base import Computed
from charrnn.text.tokenizers import valid_unicode
from charrnn.training.meter import Meter, adjust_length
from charrnn.training.run import Best, NotFiniteError, Run
from charrnn.training.saving import DiskErrors, is_finite, save_model

_FEWEST_TOKENS, _MOST_TOKENS = 1 << 14, 1 << 18
_EXAMPLES = 256  # computed at once


def most_validation_tokens(run: Run) -> int:
    """Tokens that a validation reads at most: 1/200 of those that the run reads, within bounds."""
    read = run.length.total_steps * run.tokens_per_step
    return min(max(read // 200, _FEWEST_TOKENS), _MOST_TOKENS)


def validation_tokens(run: Run) -> int:
    """Tokens that a validation reads; 0 where there is no validation part."""
    return run.plan.task.validation_tokens(most_validation_tokens(run))


def validation_interval(run: Run, step: int) -> int:
    """Steps between validations at this step: about a dozen a run, and the first ones earlier.

    Fewer where they would cost over a few percent of it. A small text is soon overfitted, so each
    of the first, which are in the first tenth, comes after twice the steps of the one before it.
    A power of two, so that it stays the same when the end of the run moves a little.
    """
    affordable = 8 * validation_tokens(run) // run.tokens_per_step
    usual = max(run.length.total_steps / 16, affordable)
    first = min(run.length.total_steps / 20, usual / 8)
    return int(2 ** math.ceil(math.log2(max(1, first, min(step, usual)))))


def validation_protocol(run: Run) -> str:
    """How a validation is measured: 'stream, bf16, 16,384 of 40,000 tokens'."""
    most, task = most_validation_tokens(run), run.plan.task
    every = task.validation_tokens(sys.maxsize)
    cut = f"{most:,} of {every:,} tokens" if every > most else ""
    return ", ".join(filter(None, (whole_protocol(task), "bf16" if run.plan.bf16 else "", cut)))


def whole_protocol(task: Task) -> str:
    """How the whole part is measured, if not as by `charrnn eval`: '512 texts written'."""
    most = task.output.most_written if isinstance(task, ExampleTask) else 0
    if isinstance(task, ExampleTask) and 0 < most < len(task.corpus.examples("valid")):
        return f"{most:,} texts written"
    return task.protocol


def validated(run: Run) -> Score | None:
    """The score of the averaged weights on the validation part; None without one."""
    plan, most = run.plan, most_validation_tokens(run)
    return score_task(plan.task, run.ema.model, most, bf16=plan.bf16, ranks=plan.ranks)


def score_task(
    task: Task, module: AnyModule, most_tokens: int, *, bf16: bool, ranks: Ranks
) -> Score | None:
    """The score on so many tokens of the validation part, the same on all ranks.

    None where there are none, or none with a target that the network can have.
    """
    if not task.validation_tokens(most_tokens):
        return None
    if isinstance(task, ExampleTask):
        score = score_examples(task, module, task.validation(most_tokens), bf16=bf16)
        return None if math.isnan(score.loss) else score
    assert isinstance(task, LanguageModelTask)
    tokens = task.validation(most_tokens)
    return evaluate(module, tokens, task.corpus.tokenizer, bf16=bf16, ranks=ranks)


def score_examples(task: ExampleTask, module: AnyModule, indices: Indices, *, bf16: bool) -> Score:
    """The score on examples of the task's corpus, by their indices (N,).

    Every rank predicts all of them, which takes little time.
    """
    score = task.output.score(_evaluated(task, module, indices, bf16), task.output.names)
    task.count_some_written(score, module.export(), indices)
    return score


def _evaluated(
    task: ExampleTask, module: AnyModule, indices: Indices, bf16: bool
) -> Iterator[Computed]:
    """What the score needs of each batch."""
    network = task.network(module.settings, module.export())
    for batch in task.evaluation_batches(indices, _EXAMPLES):
        with torch.no_grad(), autocast(module.device, bf16):
            arrays = task.output.evaluate(module.network, to_device(batch, module.device))
        yield Computed(network, batch, tuple(a.float().cpu().numpy() for a in arrays))


@dataclass
class Validation:
    """Validates a run, and keeps its best model."""

    run: Run
    emit: Emit
    disk: DiskErrors
    meter: Meter

    @property
    def is_due(self) -> bool:
        """At the end; before it in intervals, but not shortly before the end.

        Nor while the first steps of a timed run are measured.
        """
        run = self.run
        if run.finished or run.length.is_provisional:
            return run.finished
        interval = validation_interval(run, run.step)
        end_is_near = run.length.total_steps - run.step < interval / 2
        return run.step % interval == 0 and not end_is_near

    def validate(self) -> None:
        """Emit the score and a sample. NotFiniteError if the model is not finite.

        Afterwards the length of a timed run is adjusted, by what a whole interval takes.
        """
        run = self.run
        with self.meter.paused():
            self._validate()
        if run.step and run.step % validation_interval(run, run.length.total_steps) == 0:
            adjust_length(run, self.emit)

    def _validate(self) -> None:
        run = self.run
        if not is_finite(run):
            raise NotFiniteError
        try:
            score, text = validated(run), run.plan.task.example(run.ema.model.export())
        except DivergedError:
            raise NotFiniteError from None
        if score and not math.isfinite(score.loss):
            raise NotFiniteError
        is_best = not score or run.best is None or score.loss < run.best.loss
        if score:
            how = "valid", validation_protocol(run), score.loss, score.scores, is_best
            self.emit(Evaluated(run.step, *how, run.clock.seconds, run.batches.epochs))
        if is_best and run.plan.ranks.is_first:
            with self.disk.tolerated(not run.finished):
                save_model(run, score.loss if score else None)
                run.best = Best(score.loss, score.scores) if score else None
        run.plan.ranks.wait_for_first()
        run.synchronize()
        self.emit(Sampled(run.step, valid_unicode(text)))
