"""A run in memory: what a training step needs, and what it changes."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from charrnn.engine.devices import find_device, use_bf16
from charrnn.engine.module import AnyModule, module_of
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.engine.threads import BatchThreads
from charrnn.errors import UsageError
from charrnn.events import Scores
from charrnn.network.layers import State
from charrnn.settings import (
    ModelSettings,
    OptimizerName,
    TextSettings,
    TrainSettings,
)
from charrnn.storage.checkpoint import About
from charrnn.tasks import task_of
from charrnn.tasks.base import Score
from charrnn.text.corpus import Corpus
from charrnn.training.ema import EMA
from charrnn.training.length import RunLength, run_length
from charrnn.training.muon import Muon
from charrnn.training.optimizers import SGD, Adagrad, AdamW, Group, Optimizer, RMSprop
from charrnn.training.schedule import learning_rate_factor

_OPTIMIZERS: dict[OptimizerName, type[Optimizer]] = {
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "sgd": SGD,
}


@dataclass(frozen=True)
class Best:
    """The best validation so far: its loss in nats, and what people see."""

    loss: float
    scores: Scores

    @staticmethod
    def of(score: Score) -> "Best":
        """Of a validation's score."""
        return Best(score.loss, score.scores)


@dataclass
class Recovery:
    """What losses that were not finite have led to: see `divergence`."""

    learning_rate_scale: float = 1.0
    skipped_steps: int = 0


class Clock:
    """The training time of a run, earlier processes included.

    Of several ranks' clocks each shows the first one's time when they last agreed, so that what is
    decided by time is decided equally.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._begun = time.perf_counter() - seconds
        self.agreed: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.now if self.agreed is None else self.agreed

    @property
    def now(self) -> float:
        """Seconds of training so far, by this process alone."""
        return time.perf_counter() - self._begun


class Run:
    """A run in memory. Two runs of equal settings, corpus, seed and length are equal."""

    def __init__(
        self,
        corpus: Corpus,
        folder: Path,
        model: ModelSettings,
        settings: TrainSettings,
        text: TextSettings,
        *,
        step_seconds: float = 0.0,
        lock: Any = None,
        ranks: Ranks = ALONE,
    ) -> None:
        """`step_seconds`: an estimate, for a timed run. `lock`: held as long as the run lives.

        UsageError if there are more `ranks` than sequences in a batch.
        """
        torch.manual_seed(settings.seed)
        self.settings = settings = replace(settings, learning_rate=settings.peak_learning_rate)
        self.folder, self.text, self.lock = folder, text, lock
        self.task = task_of(model, corpus)
        self._corpus = corpus
        self.base = ""  # the run whose weights it began with
        self.ranks = ranks
        self.device = find_device(ranks.device_name(settings.device))
        self.bf16 = use_bf16(self.device, settings.precision)
        self.model = module_of(self.task, model).to(self.device)
        self.ema = EMA(self.model, settings.ema_decay)
        products = torch.bfloat16 if self.bf16 else torch.float32
        self.optimizers = make_optimizers(self.model, settings, products)
        batch_size, _ = self.task.resolve_batch(settings)
        check_ranks(ranks, batch_size)
        self.part = ranks.part(batch_size)
        """The sequences of the batch that this process computes."""
        self.batches = self.task.batches(settings, self.part)
        self.threads = BatchThreads(self.device, self.part_size, model.hidden_size)
        self.state: State = self.zero_state()
        self.step = 0
        self.length: RunLength = run_length(settings, self.batches.per_epoch, step_seconds)
        self.best: Best | None = None
        self.recovery = Recovery()
        self.clock = Clock()

    @property
    def corpus(self) -> Corpus:
        """What it learns from."""
        return self._corpus

    @property
    def part_size(self) -> int:
        """Sequences that this process computes."""
        return len(range(*self.part.indices(self.batches.batch_size)))

    @property
    def tokens_per_step(self) -> int:
        """Tokens that all ranks together read in one step."""
        return self.settings.accumulate * self.batches.batch_size * self.batches.seq_length

    @property
    def steps_per_epoch(self) -> float:
        """Steps until the text has been read once."""
        return self.batches.per_epoch / self.settings.accumulate

    def zero_state(self) -> State:
        """The state of this process's sequences before a text."""
        return self.task.zero_state(self.model.network, self.part_size)

    def release(self) -> None:
        """Let another process train the run."""
        if self.lock:
            self.lock.release()

    def agree(self, stop: bool = False) -> bool:
        """Whether any rank is to stop. Afterwards the clocks of all ranks show the same time."""
        if self.ranks.size == 1:
            return stop
        first = self.ranks.is_first
        seconds, stops = self.ranks.sums(
            self.clock.now if first else 0.0, float(stop or self.ranks.is_orphan)
        )
        self.clock.agreed = seconds
        return stops > 0

    @property
    def finished(self) -> bool:
        """Whether the last step has been taken."""
        return self.step >= self.length.total_steps

    @property
    def learning_rate_factor(self) -> float:
        """The factor of the peak learning rates for the next step."""
        return self.recovery.learning_rate_scale * learning_rate_factor(
            self.settings,
            self.step,
            self.length.decay_start,
            self.length.total_steps,
            self.batches.per_epoch,
        )

    @property
    def about(self) -> About:
        """What its files say of it."""
        return About(
            run=self.folder.name,
            model=self.model.settings,
            train=self.settings,
            text=self.text,
            corpus=self.corpus.name,
            corpus_key=self.corpus.key,
            target_vocabulary=self.corpus.target_vocabulary,
            input_shape=self.corpus.input_shape,
            base=self.base,
        )


def check_ranks(ranks: Ranks, batch_size: int) -> None:
    """Raise UsageError if a batch has fewer sequences than there are processes."""
    if batch_size < ranks.size:
        raise UsageError(
            f"a batch of {batch_size} sequences cannot be split among {ranks.size} processes",
            "Use fewer processes, a greater --batch-size or a longer text.",
        )


def make_optimizers(
    model: AnyModule, settings: TrainSettings, dtype: torch.dtype
) -> list[Optimizer]:
    """The optimizers of a run, the one that `--optimizer` names first. `dtype`: Muon's products.

    Muon updates the matrices of the recurrent layers, and AdamW the rest; any other optimizer
    updates everything.
    """
    params = dict(model.named_parameters())
    muon = settings.optimizer == "muon"
    roles = {name: parameter.role for name, parameter in model.declared.items()}
    matrices = {n: p for n, p in params.items() if muon and roles[n] == "recurrent"}
    rest = {n: p for n, p in params.items() if n not in matrices}
    embedding = {n: p for n, p in rest.items() if roles[n] == "embedding"}
    decayed = {n: p for n, p in rest.items() if p.dim() > 1 and n not in embedding}
    others = embedding | {n: p for n, p in rest.items() if p.dim() <= 1}
    peak = settings.peak_learning_rate
    rest_peak = settings.adamw_learning_rate if muon else peak
    groups = [Group(decayed, rest_peak, settings.weight_decay), Group(others, rest_peak, 0.0)]
    if not muon:
        return [_OPTIMIZERS[settings.optimizer](groups)]
    main = Muon([Group(matrices, peak, settings.weight_decay)], model.settings.hidden_size, dtype)
    return [main, AdamW(groups)]
