"""What is remembered of losses that were not finite, and whether a step is skipped for them."""

from dataclasses import dataclass

from torch import Tensor

_MAX_SKIPPED = 5  # steps in a row that are skipped before the run goes back


class NotFiniteError(Exception):
    """The run must go back to its last checkpoint. `divergence.recovering` catches it."""


@dataclass
class Recovery:
    """What losses that were not finite have led to: see `divergence`."""

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
