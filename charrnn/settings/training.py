"""How a network is trained."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from charrnn.settings.base import ADVANCED, AUTO, AppliesTo, Settings
from charrnn.values import check_device, seconds

OptimizerName = Literal["muon", "adamw", "rmsprop", "adagrad", "sgd"]

DEFAULT_TIME = "5m"
LEARNING_RATES: dict[OptimizerName, float] = {
    "muon": 0.065, "adamw": 0.004, "rmsprop": 0.002, "adagrad": 0.1, "sgd": 0.5,
}  # fmt: skip
"""The learning rate of each optimizer where none is given."""
LENGTHS = ("time", "epochs", "steps")
"""The settings of which one says how long a run is."""
_CONTINUED = AppliesTo(task=("text",))  # examples are read whole, each from a state of zeros
_STEPWISE = AppliesTo(schedule=("step",))


@dataclass(frozen=True)
class TrainSettings(Settings):
    """Training: how long, how fast, where."""

    time: Annotated[
        str | None, "train this long: 90s, 2m, 1h30m; without a length, 5m or at most 60 epochs"
    ] = None
    epochs: Annotated[float | None, Ge(1e-6), Le(1e6), "train this many epochs"] = None
    steps: Annotated[int | None, Ge(1), Le(10**12), "train this many steps"] = None
    batch_size: Annotated[int, Ge(1), Le(2**20), "sequences read in parallel", AUTO] = 128
    seq_length: Annotated[
        int, Ge(1), Le(2**20), "steps of truncated back-propagation through time", AUTO, _CONTINUED
    ] = 32
    augment: Annotated[
        bool,
        "change inputs a little at random while training: pictures move and bend, frames and "
        "features are masked (SpecAugment)", ADVANCED,
        AppliesTo(input=("picture", "frames", "sound")),
    ] = False  # fmt: skip
    accumulate: Annotated[
        int, Ge(1), Le(1024), "batches whose gradients are averaged for one step", ADVANCED
    ] = 1
    optimizer: Annotated[
        OptimizerName, "muon (with AdamW for what is not a matrix of a layer) or another", ADVANCED
    ] = "muon"
    learning_rate: Annotated[
        float | None, Gt(0), Le(1000),
        "peak learning rate (" + ", ".join(f"{n} {r}" for n, r in LEARNING_RATES.items())
        + "; of muon in a long run less)", AUTO,
    ] = None  # fmt: skip
    adamw_learning_rate: Annotated[
        float, Gt(0), Le(1000), "peak learning rate of what Muon leaves to AdamW", AUTO, ADVANCED,
        AppliesTo(optimizer=("muon",)),
    ] = 0.008  # fmt: skip
    weight_decay: Annotated[float, Ge(0), Le(1000), "weight decay", ADVANCED] = 0.07
    schedule: Annotated[
        Literal["linear", "cosine", "constant", "step"],
        "how the learning rate falls after the warm-up", ADVANCED,
    ] = "linear"  # fmt: skip
    warmup_steps: Annotated[int, Ge(0), "steps to reach the peak learning rate", ADVANCED] = 20
    hold_steps: Annotated[
        int | None, Ge(0), "step at which the learning rate begins to fall (the warm-up's end)",
        ADVANCED, AppliesTo(schedule=("linear", "cosine")),
    ] = None  # fmt: skip
    decay_factor: Annotated[
        float, Gt(0), Lt(1), "factor of the learning rate per epoch", ADVANCED, _STEPWISE
    ] = 0.97
    decay_after: Annotated[float, Ge(0), "epochs before the first factor", ADVANCED, _STEPWISE] = (
        10.0
    )
    state_reset: Annotated[
        float, Ge(0), Lt(1), "probability that a sequence's state is reset before a step",
        ADVANCED, _CONTINUED,
    ] = 0.03  # fmt: skip
    grad_clip: Annotated[float, Gt(0), "largest norm of the gradient", ADVANCED] = 1.0
    grad_clip_value: Annotated[
        float | None, Gt(0), "largest absolute value of an element of the gradient", ADVANCED
    ] = None
    ema_decay: Annotated[
        float, Ge(0), Lt(1), "decay of the weights' exponential moving average", ADVANCED
    ] = 0.99
    class_weights: Annotated[
        Literal["none", "balanced"],
        "balanced lets a rare label count as much as a frequent one", ADVANCED,
        AppliesTo(task=("label",)),
    ] = "none"  # fmt: skip
    save_every: Annotated[
        int | None,
        Ge(1),
        "steps between checkpoints (if not given, a dozen a run and one a minute)",
        ADVANCED,
    ] = None
    keep: Annotated[int, Ge(1), Le(10**6), "versions of a checkpoint to keep", ADVANCED] = 2
    seed: Annotated[int, Ge(0), Lt(2**63), "seed of weights, batches and dropout"] = 1
    device: Annotated[str, "auto (cuda, else cpu), cpu, cuda, cuda:1, mps"] = "auto"
    precision: Annotated[
        Literal["auto", "bf16", "fp32"], "auto is bf16 where the device supports it", ADVANCED
    ] = "auto"

    def __post_init__(self) -> None:
        given = [name for name in LENGTHS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"a run has one length: choose --{' or --'.join(given)}")
        if self.time is not None:
            seconds(self.time)
        check_device(self.device)

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate that is given, or that of the optimizer."""
        return self.learning_rate or LEARNING_RATES[self.optimizer]

    @property
    def timed(self) -> bool:
        """Whether the length of the run is a time, not a number of steps or epochs."""
        return not (self.steps or self.epochs)

    @property
    def budget(self) -> float:
        """Seconds that a timed run takes."""
        return seconds(self.time or DEFAULT_TIME)
