"""A run on disk: written, and restored to the last bit.

`training.safetensors` holds every tensor that a step changes, by name, and as JSON the settings,
the position in the text and the progress. `model.safetensors` holds the averaged weights.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt, Le, Len, Lt
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from charrnn.cells.parameters import count
from charrnn.errors import CheckpointError, from_os
from charrnn.events import Emit, Noticed
from charrnn.files import atomic_write
from charrnn.network.layers import State, slice_state
from charrnn.settings import read, reason_of
from charrnn.storage.checkpoint import Checkpoint, save_checkpoint
from charrnn.storage.container import FORMAT, UNREADABLE, read_metadata, sealed, verify
from charrnn.storage.old_formats import upgraded_metadata, upgraded_name, upgraded_progress
from charrnn.storage.runs import MODEL, TRAINING
from charrnn.tasks.base import Task
from charrnn.training.run import Best, Recovery, Run

_Score = Annotated[float, Ge(0)]
_Count = Annotated[int, Ge(0), Le(10**12)]


@dataclass(frozen=True)
class Progress:
    """How far a run has come, as its file says. See `RunLength`, `Best` and `Recovery`."""

    step: _Count
    total_steps: Annotated[int, Ge(1), Le(10**12)] | None
    decay_start: Annotated[float, Gt(-1e12), Lt(1e12)] | None
    best_loss: Annotated[float, Ge(0), Lt(math.inf)] | None
    best_scores: Mapping[Annotated[str, Len(1, 99)], _Score] | None
    seconds: Annotated[float, Ge(0), Lt(1e12)]
    learning_rate_scale: Annotated[float, Gt(0), Le(1)]
    skipped_steps: Annotated[int, Ge(0), Lt(10**6)]
    adjusted: bool = False


@dataclass(frozen=True)
class Position:
    """Where a run stands in its batches, as its file says."""

    epoch: _Count
    step: _Count


def save_model(run: Run, loss: float | None) -> None:
    """The averaged weights and their validation loss, as sampling and evaluation load them."""
    checkpoint = Checkpoint(
        **vars(run.plan.about),
        tokenizer=run.plan.corpus.tokenizer,
        step=run.step,
        loss=loss,
        weights=run.ema.model.export(),
    )
    save_checkpoint(run.plan.folder / MODEL, checkpoint, run.plan.train.keep)


def save_training(run: Run) -> None:
    """Save everything it takes to resume the run as if it had not stopped; by all ranks at once."""
    state = run.gathered_state()
    if run.plan.ranks.is_first:
        write_training(run, state)
    run.plan.ranks.wait_for_first()


def write_training(run: Run, state: State) -> None:
    """Write what `save_training` saves, with the state of all sequences."""
    best = run.best
    progress = Progress(
        step=run.step,
        total_steps=run.length.total_steps,
        decay_start=run.length.decay_start,
        best_loss=best.loss if best else None,
        best_scores=dict(best.scores) if best else None,
        seconds=run.clock.seconds,
        learning_rate_scale=run.recovery.learning_rate_scale,
        skipped_steps=run.recovery.skipped_steps,
        adjusted=run.length.adjusted,
    )
    position = [run.batches.epoch, run.batches.step]
    data = {**run.plan.about.describe(), "progress": vars(progress), "batches": position}
    if run.plan.ranks.launch:
        data["launch"] = run.plan.ranks.launch  # a restarted process looks for its run by it
    # copies: tensors that share memory (tied weights, equal states) are refused
    tensors = {name: t.detach().cpu().clone() for name, t in tensors_of(run, state).items()}
    tensors["rng"] = torch.get_rng_state()
    if run.plan.device.type != "cpu":
        module = torch.get_device_module(run.plan.device)
        tensors[f"rng.{run.plan.device.type}"] = module.get_rng_state(run.plan.device)
    with atomic_write(run.plan.folder / TRAINING, run.plan.train.keep, verify) as file:
        file.write(sealed(save, tensors, data))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """A block that reads a training state. CheckpointError where it is missing or damaged."""
    try:
        yield
    except (*UNREADABLE, RuntimeError) as error:
        raise CheckpointError(
            f"training cannot resume from {path}: {reason_of(error)}",
            "Train again, under another name (--run).",
        ) from None


def read_training(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What `save_training` wrote. CheckpointError if it is missing or damaged."""
    with readable(path):
        data = read_metadata(path)
        with safe_open(path, framework="pt") as file:
            # copies: Windows replaces no file that is mapped, and the next save replaces this one
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118  (not a dict)
        return upgraded_metadata(data), tensors


def check_sizes(task: Task, batch_size: int, tensors: Mapping[str, Tensor]) -> None:
    """ValueError if saved tensors have other sizes than their settings claim.

    To be asked before memory is allocated for these settings.
    """
    weights = sum(tensor.numel() for name, tensor in tensors.items() if name.startswith("model."))
    if weights != count(task.parameters(task.model)):
        raise ValueError("its weights are not those of its settings")
    state = tensors.get("state.0.0")  # none where a batch does not continue the one before it
    if state is not None and state.shape != (batch_size, task.model.hidden_size):
        raise ValueError("its batch is not that of its settings")


@torch.no_grad()
def restore(run: Run, data: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Progress:
    """Put a run, except its clock, into the state that `read_training` read.

    KeyError, TypeError or ValueError if the state is not one of such a run.
    """
    progress = read(Progress, upgraded_progress(data["progress"]))
    if progress.total_steps is not None and progress.step > progress.total_steps:
        raise ValueError("it is past its last step")
    position = read(Position, dict(zip(("epoch", "step"), data["batches"], strict=True)))
    if position.step > run.batches.per_epoch:
        raise ValueError("its position is not in the text")
    if data["format"] != FORMAT:
        old_name = partial(_old_name, run)
        tensors = {upgraded_name(name, old_name): tensor for name, tensor in tensors.items()}
    for optimizer in run.optimizers:
        optimizer.init_state()
    state = run.plan.task.zero_state(run.model.network, run.batches.batch_size)
    for name, tensor in tensors_of(run, state).items():
        if name not in tensors and name.startswith("optimizer.") and progress.step == 0:
            continue  # format 2 had none before the first step
        saved = tensors[name]
        types = {tensor.dtype} | ({torch.bfloat16} if name.startswith("state.") else set())
        if tensor.shape != saved.shape or saved.dtype not in types:
            raise ValueError(f"{name} does not have the shape and type that its settings give it")
        if not saved.isfinite().all():
            raise ValueError(f"{name} is not finite")
        tensor.copy_(saved)
    run.state = slice_state(state, run.part)
    torch.set_rng_state(tensors["rng"])
    rng = tensors.get(f"rng.{run.plan.device.type}")
    if rng is not None:  # None on a device that the run has not been on before
        torch.get_device_module(run.plan.device).set_rng_state(rng, run.plan.device)
    run.batches.epoch, run.batches.step = position.epoch, position.step
    _restore_progress(run, progress)
    return progress


def _restore_progress(run: Run, progress: Progress) -> None:
    run.step = progress.step
    run.length.decay_start, run.length.adjusted = progress.decay_start, progress.adjusted
    run.length.mark = None
    if progress.step:
        run.length.step_seconds = progress.seconds / progress.step
    if progress.total_steps is not None:
        run.length.total_steps = progress.total_steps
    run.recovery = Recovery(progress.learning_rate_scale, progress.skipped_steps)
    run.best = None
    if progress.best_loss is not None and progress.best_scores is not None:
        run.best = Best(progress.best_loss, progress.best_scores)


def _old_name(run: Run, optimizer: int, index: int) -> str:
    """The name of a parameter by its optimizer's and its own number in format 2: AdamW first."""
    groups = run.optimizers[::-1][optimizer].groups
    return f"optimizer.{[name for group in groups for name in group.params][index]}"


def tensors_of(run: Run, state: State) -> dict[str, Tensor]:
    """Every tensor that training changes, by name. `state`: the network's, of all sequences."""
    tensors: dict[str, Tensor] = {f"model.{name}": p for name, p in run.model.named_parameters()}
    tensors |= {f"ema.{name}": p for name, p in run.ema.model.named_parameters()}
    for optimizer in run.optimizers:
        for name, values in optimizer.state.items():
            tensors |= {f"optimizer.{name}.{key}": tensor for key, tensor in values.items()}
    for layer, arrays in enumerate(state):
        tensors |= {f"state.{layer}.{index}": array for index, array in enumerate(arrays)}
    return tensors


def is_finite(run: Run) -> bool:
    """Whether every number that would be saved is finite, on all ranks."""
    finite = all(bool(t.isfinite().all()) for t in tensors_of(run, run.state).values())
    (failing_ranks,) = run.plan.ranks.sums(float(not finite))
    return not failing_ranks


class DiskErrors:
    """Reports what the disk refuses, once per reason, and lets training continue."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._reported = ""

    @contextmanager
    def tolerated(self, tolerate: bool = True) -> Iterator[None]:
        """A block that writes. An OSError in it is reported; it is raised if not to `tolerate`."""
        try:
            yield
        except OSError as error:
            if not tolerate:
                raise
            refused = from_os(error)
            if refused.message != self._reported:
                said = f"Not saved: {refused.message}. {refused.hint}"
                self._emit(Noticed(f"{said} Training continues, and will try again."))
            self._reported = refused.message
        else:
            self._reported = ""
