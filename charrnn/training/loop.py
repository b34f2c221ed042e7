"""The training loop: truncated back-propagation through time.

A step is here, in `text_batches` (what it reads), in `network` (what it computes) and in a cell.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from charrnn.engine.devices import autocast, detach_state, to_device
from charrnn.engine.module import AnyModule
from charrnn.events import Emit, Finished, Planned, Started
from charrnn.network.layers import State, join_states, slice_state
from charrnn.tasks.base import Batch
from charrnn.training.checkpoints import Checkpoints
from charrnn.training.disk import DiskErrors
from charrnn.training.divergence import check_loss, must_skip, recovering
from charrnn.training.meter import Meter
from charrnn.training.optimizers import set_learning_rate
from charrnn.training.run import Run
from charrnn.training.saving import save_training
from charrnn.training.validation import Validation


def train(run: Run, emit: Emit, stop: Callable[[], bool]) -> None:
    """Train to the last step, or until `stop()`. Everything is on disk afterwards.

    DivergedError where going back to the last checkpoint does not help; what was saved stays.
    """
    run.synchronize()
    meter, disk = Meter(run, emit), DiskErrors(emit)
    validation = Validation(run, emit, disk, meter)
    checkpoints = Checkpoints(run, emit, disk, meter)
    emit(_started(run))
    emit(Planned(run.length.total_steps))
    if run.step == 0 and run.plan.base:
        validation.validate()  # what it begins with may remain the best
    if run.step == 0:
        save_training(run)  # so that there is always a checkpoint to go back to
    while not run.finished and not run.must_stop(stop()):
        with recovering(run, emit, meter.restart):
            loss = training_step(run)
            meter.add(loss)
            if validation.is_due:
                validation.validate()
            if checkpoints.is_due:
                checkpoints.save()
    if not run.finished:
        with recovering(run, emit, meter.restart):
            checkpoints.save(last=True)
    emit(_finished(run))


def training_step(run: Run) -> Tensor:
    """One step; the loss stays on the device. It is NaN where there was nothing to learn from."""
    set_learning_rate(run.optimizers, run.learning_rate_factor)
    for optimizer in run.optimizers:
        optimizer.zero_grad()
    losses = []
    for _ in range(run.plan.train.accumulate):
        batch = to_device(run.batches.next(), run.plan.device)
        loss, run.state = forward_backward(run, batch, starting_state(run))
        losses.append(loss)
    loss = torch.stack(losses).sum()
    run.plan.ranks.sum([loss, *(p.grad for p in run.model.parameters() if p.grad is not None)])
    loss = check_loss(run, loss, clip_gradients(run))
    run.step += 1
    if must_skip(run, loss):
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
    they do not depend on how ranks share it.
    """
    state, probability = run.state, run.plan.train.state_reset
    if state and probability:
        drawn = torch.rand(run.batches.batch_size, 1, device=run.plan.device)
        keep = (drawn >= probability)[run.part]
        state = tuple(tuple(array * keep for array in layer) for layer in state)
    if run.batches.step == 1:
        state = tuple(tuple(torch.zeros_like(array) for array in layer) for layer in state)
    return state


def forward_backward(run: Run, batch: Batch, state: State) -> tuple[Tensor, State]:
    """A batch and the state before it -> its part of the step's mean loss, the state after it.

    The loss is in nats and stays on the device; its gradient is added to every parameter's `.grad`.
    A batch has this rank's sequences, and each thread computes a slice of them.
    """
    batch_size = run.batches.batch_size
    # drawn here, and for all ranks: neither the threads' order nor the ranks' number must matter
    masks = [mask[:, run.part] for mask in run.model.dropout_masks(batch_size)]

    def compute(model: AnyModule, part: slice) -> tuple[Tensor, State]:
        sliced, before = run.plan.task.sliced(batch, part), slice_state(state, part)
        with autocast(run.plan.device, run.plan.bf16):
            loss, after = run.plan.task.loss(
                model.network, sliced, before, [mask[:, part] for mask in masks]
            )
        loss = loss * ((part.stop - part.start) / (batch_size * run.plan.train.accumulate))
        loss.backward()
        return loss.detach(), detach_state(after)

    losses, states = zip(*run.threads.backward(run.model, compute), strict=True)
    return torch.stack(losses).sum(), join_states(states)


def clip_gradients(run: Run) -> Tensor:
    """Clip the gradients by value and norm; the norm before the latter."""
    if run.plan.train.grad_clip_value is not None:
        clip_grad_value_(run.model.parameters(), run.plan.train.grad_clip_value)
    return clip_grad_norm_(run.model.parameters(), run.plan.train.grad_clip)


def _started(run: Run) -> Started:
    model, settings, batches = run.model.settings, run.plan.train, run.batches
    return Started(
        run=run.plan.folder.name,
        path=str(run.plan.folder),
        corpus=run.plan.corpus.name,
        tokens=run.plan.task.training_tokens,
        vocabulary_size=run.plan.corpus.tokenizer.size,
        unit=run.plan.task.unit,
        model=f"{model.cell} {model.size}",
        parameters=sum(p.numel() for p in run.model.parameters()),
        optimizer=settings.optimizer,
        schedule=settings.schedule,
        device=str(run.plan.device),
        precision="bf16" if run.plan.bf16 else "fp32",
        batch_size=batches.batch_size,
        seq_length=batches.seq_length,
        step=run.step,
        tokenizer=run.plan.text.tokenizer,
        processes=run.plan.ranks.size,
    )


def _finished(run: Run) -> Finished:
    best = run.best
    return Finished(
        run=run.plan.folder.name,
        step=run.step,
        loss=best.loss if best else None,
        scores=best.scores if best else dict.fromkeys(run.plan.task.training_scores(0.0)),
        seconds=run.clock.seconds,
        interrupted=not run.finished,
    )
