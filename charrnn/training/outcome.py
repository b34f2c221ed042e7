"""How a run ended: the model that was kept, its score, and what that stands beside."""

from contextlib import suppress

from charrnn.engine.ranks import ALONE
from charrnn.errors import CheckpointError
from charrnn.evaluation.baselines import baselines_of
from charrnn.evaluation.scoring import module_on, score_checkpoint
from charrnn.events import Emit, Finished
from charrnn.storage.checkpoint import Checkpoint, load_checkpoint
from charrnn.storage.runs import MODEL
from charrnn.tasks.base import Score
from charrnn.tasks.language_model import LanguageModelTask
from charrnn.training.run import Run
from charrnn.training.validation import (
    most_validation_tokens,
    score_task,
    validation_protocol,
    whole_protocol,
)

_AFFORDABLE = 16  # times the tokens of a validation: seconds, or a few percent of the training


def outcome(run: Run, emit: Emit) -> Finished:
    """What the first rank reports at the end. The model that was kept is read from its file.

    Validations during training may be rounded, and of some tokens alone. What a finished run
    has kept is scored once more, as `charrnn eval --part valid` does, unless that takes long.
    """
    seconds, task = run.clock.seconds, run.plan.task
    kept, protocol = None, validation_protocol(run)
    score: Score | None = run.best
    with suppress(CheckpointError):  # none has been saved, or the disk has lost it
        kept = load_checkpoint(run.plan.folder / MODEL)
    if kept and score and run.finished and (again := _scored_again(run, kept, emit)):
        score, protocol = again, whole_protocol(task)
    beside = isinstance(task, LanguageModelTask) and run.finished
    return Finished(
        run=run.plan.folder.name,
        steps=run.step,
        step=kept.step if kept else None,
        part="valid",
        protocol=protocol,
        loss=score.loss if score else None,
        scores=score.scores if score else dict.fromkeys(task.training_scores(0.0)),
        baselines=baselines_of(run.plan.corpus, run.plan.corpus.part("valid")) if beside else {},
        seconds=seconds,
        interrupted=not run.finished,
    )


def _scored_again(run: Run, kept: Checkpoint, emit: Emit) -> Score | None:
    """The score on the whole validation part, in full precision; None if that takes long."""
    plan, most = run.plan, _AFFORDABLE * most_validation_tokens(run)
    if plan.task.validation_tokens(most) == most:
        return None
    if isinstance(plan.task, LanguageModelTask):
        return score_checkpoint(kept, plan.corpus.part("valid"), emit, device=str(plan.device))
    module = module_on(kept, str(plan.device))
    return score_task(plan.task, module, most, bf16=False, ranks=ALONE)
