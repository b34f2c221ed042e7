"""The learning rate over the steps of a run, as a factor of its peak."""

import math

from charrnn.settings import TrainSettings


def learning_rate_factor(
    settings: TrainSettings,
    step: int,
    decay_start: float | None,
    total_steps: int,
    batches_per_epoch: int,
) -> float:
    """The factor at a step: up during the warm-up, 1, and down from `decay_start` on.

    linear: in a straight line to nothing. cosine: half a wave to nothing. step: `decay_factor` for
    every epoch after `decay_after`. constant: not at all. `decay_start` is None while the length of
    a timed run is still being measured; it will then be no less than the warm-up.
    """
    warmup: float = settings.warmup_steps
    if decay_start is not None:
        warmup = max(0, min(warmup, decay_start))
    up = min(1.0, (step + 1) / (warmup + 1))
    if settings.schedule == "step":
        read = step * settings.accumulate // batches_per_epoch
        epochs = math.floor(read + 1 - settings.decay_after)
        return up * settings.decay_factor ** max(0, epochs)
    if settings.schedule == "constant" or decay_start is None or step < decay_start:
        return up
    left = (total_steps - step) / max(1, total_steps - decay_start)
    if settings.schedule == "cosine":
        return up * (1 - math.cos(math.pi * left)) / 2
    return up * left
