"""A run in memory: its plan, which is fixed, and its state, which a training step changes."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from charrnn.engine.devices import autocast, find_device, memory_checked, to_device, use_bf16
from charrnn.engine.module import AnyModule, module_of
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.engine.threads import BatchThreads
from charrnn.errors import UsageError
from charrnn.events import Scores
from charrnn.network.layers import State
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import About
from charrnn.tasks import task_of
from charrnn.tasks.base import Piece, Task
from charrnn.text.corpus import Corpus
from charrnn.training.length import RunLength, run_length
from charrnn.training.muon import make_optimizers
from charrnn.training.schedule import learning_rate_factor

_MAX_SKIPPED = 5  # steps in a row that are skipped before the run goes back


class NotFiniteError(Exception):
    """The run must go back to its last checkpoint. `Checkpoints.recovering` catches it."""


@dataclass
class Recovery:
    """What losses that were not finite have led to: see `Checkpoints.go_back`."""

    learning_rate_scale: float = 1.0
    skipped_steps: int = 0

    def must_skip(self, loss: Tensor) -> bool:
        """Whether to skip the step. On a GPU, asking would wait for it: `Meter` asks later.

        NotFiniteError after several in a row.
        """
        skip = loss.device.type == "cpu" and not bool(loss.isfinite())
        self.skipped_steps = self.skipped_steps + 1 if skip else 0
        if self.skipped_steps >= _MAX_SKIPPED:
            raise NotFiniteError
        return skip


@dataclass(frozen=True)
class Best:
    """The best validation so far: its loss in nats, and what people see."""

    loss: float
    scores: Scores


class EMA:
    """An exponential moving average of the weights: what is validated, kept and sampled from.

    `model` holds the average of the weights of the steps so far; decay 0 copies the last.
    """

    def __init__(self, model: AnyModule, decay: float) -> None:
        self.model = model.frozen()
        self.decay = decay

    @torch.no_grad()
    def update(self, model: AnyModule, step: int) -> None:
        """Follow the weights after step `step` (from 1): faster at first, when they move far."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, p in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(p, 1 - decay)


class Clock:
    """The training time of a run, earlier processes included.

    Of several ranks' clocks each shows the first one's time when they were last synchronized, so
    that all ranks decide equally by time.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._begun = time.perf_counter() - seconds
        self.synchronized: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.now if self.synchronized is None else self.synchronized

    @property
    def now(self) -> float:
        """Seconds of training so far, by this process alone."""
        return time.perf_counter() - self._begun


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run is asked to do. It does not change, and everything else follows from it."""

    corpus: Corpus
    model: ModelSettings
    train: TrainSettings
    text: TextSettings
    folder: Path = Path()
    ranks: Ranks = ALONE
    base: str = ""
    """The run whose weights it begins with."""

    def __post_init__(self) -> None:
        peak = self.train.learning_rate or self.task.learning_rates[self.train.optimizer]
        object.__setattr__(self, "train", self.train.with_chosen(learning_rate=peak))

    @cached_property
    def task(self) -> Task:
        """What is learned from the corpus."""
        return task_of(self.model, self.corpus)

    @cached_property
    def device(self) -> torch.device:
        """Where it is computed. UsageError for a device that is not here."""
        return find_device(self.ranks.device_name(self.train.device))

    @cached_property
    def bf16(self) -> bool:
        """Whether products are computed in bfloat16."""
        return use_bf16(self.device, self.train.precision)

    def autocast(self) -> AbstractContextManager[None]:
        """A block whose products are computed in the plan's precision."""
        return autocast(self.device, self.bf16)

    @property
    def about(self) -> About:
        """What the files of the run say of it."""
        return About(
            run=self.folder.name,
            model=self.model,
            train=self.train,
            text=self.text,
            corpus=self.corpus.name,
            corpus_key=self.corpus.key,
            target_vocabulary=self.corpus.target_vocabulary,
            input_shape=self.corpus.input_shape,
            input_scale=self.corpus.input_scale,
            base=self.base,
        )


class Run:
    """A run in memory: its plan, and what training changes.

    A training step changes `model`, `ema`, `optimizers`, `batches`, `state` and `step`.
    `Validation` changes `best`, `Meter` the `length`, skipped steps and `Checkpoints` the
    `recovery`, and `must_stop` the `clock`. Two runs of equal plans and lengths are equal.
    """

    def __init__(self, plan: Plan, *, step_seconds: float = 0.0, lock: Any = None) -> None:
        """`step_seconds`: an estimate, for a timed run. `lock`: held as long as the run lives.

        UsageError if there are more ranks than sequences in a batch, or if memory does not suffice.
        """
        torch.manual_seed(plan.train.seed)
        self.plan, self.lock = plan, lock
        products = torch.bfloat16 if plan.bf16 else torch.float32
        with memory_checked():
            self.model = module_of(plan.task, plan.model).to(plan.device)
            self.ema = EMA(self.model, plan.train.ema_decay)
            self.optimizers = make_optimizers(self.model, plan.train, products)
        batch_size, _ = plan.task.resolve_batch(plan.train)
        if batch_size < plan.ranks.size:
            raise UsageError(
                f"a batch of {batch_size} sequences cannot be split among "
                f"{plan.ranks.size} processes",
                "Use fewer processes, a greater --batch-size or a longer text.",
            )
        self.part = plan.ranks.part(batch_size)
        """The sequences of the batch that this process computes."""
        self.batches = plan.task.batches(plan.train, self.part)
        self.threads = BatchThreads(
            plan.device, self.part.stop - self.part.start, plan.model.hidden_size
        )
        self.state: State = self.zero_state()
        self.step = 0
        self.length: RunLength = run_length(plan.train, self.batches.per_epoch, step_seconds)
        self.best: Best | None = None
        self.recovery = Recovery()
        self.clock = Clock()

    @property
    def tokens_per_step(self) -> int:
        """Tokens that all ranks together read in one step."""
        return self.plan.train.accumulate * self.batches.batch_size * self.batches.seq_length

    def next_batch(self) -> list[Piece]:
        """The next batch's sequences that this process computes, in pieces, on the device."""
        pieces = self.batches.next_pieces()
        return [(part, to_device(piece, self.plan.device)) for part, piece in pieces]

    def zero_state(self) -> State:
        """The state of this process's sequences before a text."""
        return self.plan.task.zero_state(self.model.network, self.part.stop - self.part.start)

    def gathered_state(self) -> State:
        """The state of all ranks' sequences, which all ranks must ask for at once."""
        return self.plan.ranks.gather(self.state, self.batches.batch_size)

    def release(self) -> None:
        """Let another process train the run."""
        if self.lock:
            self.lock.release()

    def must_stop(self, stop: bool) -> bool:
        """Whether any rank is to stop. Afterwards the clocks of all ranks show the same time."""
        ranks = self.plan.ranks
        if ranks.size == 1:
            return stop
        seconds, stops = ranks.sums(
            self.clock.now if ranks.is_first else 0.0, float(stop or ranks.is_orphan)
        )
        self.clock.synchronized = seconds
        return stops > 0

    def synchronize(self) -> None:
        """Let the clocks of all ranks show the same time."""
        self.must_stop(False)

    @property
    def finished(self) -> bool:
        """Whether the last step has been taken."""
        return self.step >= self.length.total_steps

    @property
    def learning_rate_factor(self) -> float:
        """The factor of the peak learning rates for the next step."""
        return self.recovery.learning_rate_scale * learning_rate_factor(
            self.plan.train,
            self.step,
            self.length.decay_start,
            self.length.total_steps,
            self.batches.per_epoch,
        )
