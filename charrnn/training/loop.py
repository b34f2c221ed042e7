"""The training loop: truncated back-propagation through time.

A step is here, in `text_batches` (what it reads), in `network` (what it computes) and in a cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from charrnn.network.layers import State, detach_state, join_states, slice_state
from charrnn.training.optimizers import set_learning_rate

if TYPE_CHECKING:
    from charrnn.engine.module import AnyModule
    from charrnn.tasks.base import Batch, Piece
    from charrnn.training.checkpoints import Checkpoints
    from charrnn.training.meter import Meter
    from charrnn.training.run import Run
    from charrnn.training.validation import Validation


def loop(
    run: Run,
    meter: Meter,
    validation: Validation,
    checkpoints: Checkpoints,
    stop: Callable[[], bool],
) -> None:
    """Steps until the last, or until `stop()`. Everything is on disk afterwards.

    DivergedError where going back to the last checkpoint does not help; what was saved stays.
    """
    while not run.finished and not run.must_stop(stop()):
        with checkpoints.recovering():
            loss = training_step(run)
            meter.add(loss)
            if validation.is_due:
                validation.validate()
            if checkpoints.is_due:
                checkpoints.save()
    if not run.finished:
        with checkpoints.recovering():
            checkpoints.save(last=True)


def training_step(run: Run) -> Tensor:
    """One step, and its loss, on the device. NaN: it was not to be learned from."""
    set_learning_rate(run.optimizers, run.learning_rate_factor)
    for optimizer in run.optimizers:
        optimizer.zero_grad()
    losses = []
    for _ in range(run.plan.train.accumulate):
        batch = run.next_batch()  # first: the state depends on where the batches stand
        loss, run.state = forward_backward(run, batch, starting_state(run))
        losses.append(loss)
    loss = torch.stack(losses).sum()
    run.plan.ranks.sum([loss, *(p.grad for p in run.model.parameters() if p.grad is not None)])
    run.model.smooth_gradients()
    loss = checked_loss(loss, clip_gradients(run), run.plan.task.largest_loss)
    run.step += 1
    if run.recovery.must_skip(loss):
        run.state = run.zero_state()
        return loss
    for optimizer in run.optimizers:
        optimizer.step()
    run.ema.update(run.model, run.step)
    return loss


def starting_state(run: Run) -> State:
    """The state that the next batch starts from: where the one before it ended.

    With probability `state_reset` a sequence's state becomes zero, so that the network also learns
    to begin a text; where an epoch begins, all states do. All draws are of the whole batch, so that
    they do not depend on how ranks split it.
    """
    state, probability = run.state, run.plan.train.state_reset
    if state and probability:
        drawn = torch.rand(run.batches.batch_size, 1, device=run.plan.device)
        keep = (drawn >= probability)[run.part]
        state = tuple(tuple(array * keep for array in layer) for layer in state)
    if run.batches.step == 1:
        state = tuple(tuple(torch.zeros_like(array) for array in layer) for layer in state)
    return state


def forward_backward(run: Run, batch: list[Piece], state: State) -> tuple[Tensor, State]:
    """A batch and the state before it -> its part of the step's mean loss, the state after it.

    The loss is in nats and stays on the device; its gradient is added to every parameter's `.grad`.
    A batch has this rank's sequences, most often in one piece, and each thread computes a slice.
    """
    batch_size = run.batches.batch_size
    # drawn here, and for all ranks: neither the threads' order nor the ranks' number must matter
    masks = [mask[:, run.part] for mask in run.model.dropout_masks(batch_size)]
    results = [result for piece in batch for result in _computed(run, *piece, state, masks)]
    losses, states = zip(*results, strict=True)
    return torch.stack(losses).sum(), join_states(states)


def _computed(
    run: Run, where: slice, piece: Batch, state: State, masks: list[Tensor]
) -> list[tuple[Tensor, State]]:
    """The loss and the state of each slice of a piece, given those before the whole batch."""
    batch_size = run.batches.batch_size
    state, masks = slice_state(state, where), [mask[:, where] for mask in masks]

    def compute(model: AnyModule, part: slice) -> tuple[Tensor, State]:
        sliced, before = run.plan.task.sliced(piece, part), slice_state(state, part)
        with run.plan.autocast():
            loss, after = run.plan.task.loss(
                model.network, sliced, before, [mask[:, part] for mask in masks]
            )
        loss = loss * ((part.stop - part.start) / (batch_size * run.plan.train.accumulate))
        loss.backward()
        return loss.detach(), detach_state(after)

    sequences = range(run.part.stop - run.part.start)[where]
    return run.threads.backward(run.model, compute, len(sequences))


def clip_gradients(run: Run) -> Tensor:
    """Clip the gradients by value, then by norm; the norm that they had before."""
    if run.plan.train.grad_clip_value is not None:
        clip_grad_value_(run.model.parameters(), run.plan.train.grad_clip_value)
    return clip_grad_norm_(run.model.parameters(), run.plan.train.grad_clip)


def checked_loss(loss: Tensor, norm: Tensor, largest: float) -> Tensor:
    """The loss, or NaN where it or the gradient's norm is not to be learned from."""
    too_large = loss > largest  # False for NaN, which stays
    return torch.where(norm.isfinite() & ~too_large, loss, math.nan)
