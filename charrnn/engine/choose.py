"""Settings that choose themselves: what the command line leaves open suits text, machine and time.

The rules are fits to runs on tiny Shakespeare (benchmarks/RECIPE.md), not laws. A network learns
best in a given time if it reads about seven characters a parameter: a larger one reads too little,
a smaller one cannot use what it reads. One that reads the same text over and over learns it by
heart, so the more often it does, the more of its outputs are dropped.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from charrnn.engine import device as devices
from charrnn.engine.batches import fitting
from charrnn.engine.crew import Crew
from charrnn.engine.model import CharRNN
from charrnn.settings import DEFAULT_TIME, ModelSettings, TrainSettings
from charrnn.store import shapes

_WIDTHS = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
_TOKENS_A_WEIGHT = 7.0  # read in a run, at the best
_WEIGHTS_A_TOKEN = 8.0  # of the text, at the most
_EPOCHS = 60.0  # how often a small text is read, where no length is asked for
_MEASURED_WIDTHS = (16, 256)
_WHOLE_STEP = 1.3  # beside forward and backward alone
_FEW_STEPS = 1000
_WINDOWS_A_LANE = 64  # at the least: else there are too few steps in a small text


def choose(
    model: ModelSettings,
    train: TrainSettings,
    given: Mapping[str, Any],
    tokens: int,
    vocabulary: int,
) -> tuple[ModelSettings, TrainSettings, str]:
    """The settings, with what is not `given` made to suit so many training tokens; and why.

    The reason is empty if nothing was left open.
    """
    if not {"width", "dropout", "lanes", "window", "adam_rate"} - given.keys():
        return model, train, ""
    if "lanes" not in given:
        most = tokens // (_WINDOWS_A_LANE * train.window)
        train = replace(train, lanes=min(train.lanes, max(16, 2 ** int(math.log2(most or 1)))))
    timed = train.timed
    pace = measured(model, train, tokens, vocabulary) if timed else lambda _: 0.0

    def sizes(width: int) -> tuple[int, float]:
        """Weights that a token passes through, and tokens that are read."""
        found = shapes(model.at_width(width), vocabulary)
        weights = sum(math.prod(shape) for name, shape in found.items() if name != "embedding")
        if train.steps:
            return weights, train.steps * math.prod(fitting(tokens, train.lanes, train.window))
        if train.epochs:
            return weights, train.epochs * tokens
        return weights, pace(weights) * train.budget

    def misfit(width: int) -> float:
        weights, reads = sizes(width)
        return abs(math.log(reads / weights / _TOKENS_A_WEIGHT))

    if "width" not in given and not model.tie:
        small = [w for w in _WIDTHS if sizes(w)[0] <= _WEIGHTS_A_TOKEN * tokens] or [_WIDTHS[0]]
        model = replace(model, width=min(small, key=misfit))
    weights, reads = sizes(model.width)
    if not train.time and timed and reads > _EPOCHS * tokens:
        train, reads = replace(train, epochs=_EPOCHS), _EPOCHS * tokens
    if (
        "window" not in given
        and not train.steps
        and reads < _FEW_STEPS * train.lanes * train.window
    ):
        train = replace(train, window=min(train.window, 24))  # more steps, if shorter ones
    lanes, window = fitting(tokens, train.lanes, train.window)
    train = replace(
        train,
        lanes=train.lanes if "lanes" in given else lanes,
        window=train.window if "window" in given else window,
    )
    if "adam_rate" not in given:
        hot = 10 * lanes * window / reads if train.optimizer == "muon" else 0.0
        train = replace(train, adam_rate=round(min(0.015, max(0.004, hot)), 4))
    if "dropout" not in given:
        model = replace(model, dropout=dropout(reads / tokens))
    chosen = {
        f"{model.cell} {model.size}": "width" not in given,
        f"dropout {model.dropout:g}": "dropout" not in given,
        f"{lanes} lanes x {window}": not {"lanes", "window"} <= given.keys(),
        f"AdamW's rate {train.adam_rate:g}": "adam_rate" not in given,
    }
    why = (
        f"Chose {', '.join(what for what, open_ in chosen.items() if open_)}: {tokens:,} tokens"
        f" are read{' about' if timed else ''} {reads / tokens:.2g} times"
    )
    if timed and not train.epochs:
        length = train.time or DEFAULT_TIME
        why += f" in {length}{'' if length[-1].isalpha() else 's'}"
    if timed:
        why += f", at {pace(weights):,.0f} a second as measured now"
    return model, train, f"{why}."


def dropout(epochs: float) -> float:
    """None up to four times over the text, then a tenth for each doubling, up to a half."""
    return round(min(0.5, max(0.0, 0.1 * math.log2(epochs / 4))), 2) if epochs > 0 else 0.0


def measured(
    model: ModelSettings, train: TrainSettings, tokens: int, vocabulary: int
) -> Callable[[int], float]:
    """Weights -> tokens that this device trains in a second.

    A line through two networks that are tried: what a step costs by itself, and what a weight adds.
    """
    lanes, window = fitting(tokens, min(train.lanes, 128), min(train.window, 32))
    (few, least), (many, most) = (
        _timed(replace(model, width=width, embedding=64, tie=False, dropout=0.0), vocabulary,
               devices.choose(train.device), train.precision, lanes, window)
        for width in _MEASURED_WIDTHS
    )  # fmt: skip
    slope = max(0.0, (most - least) / (many - few))
    still = max(0.0, least - slope * few)
    return lambda weights: lanes * window / (_WHOLE_STEP * (still + slope * weights))


def _timed(
    model: ModelSettings,
    vocabulary: int,
    device: torch.device,
    precision: str,
    lanes: int,
    window: int,
) -> tuple[int, float]:
    """A network's weights that a token passes through, and seconds forward and back."""
    network = CharRNN(model, vocabulary).to(device)
    crew = Crew(device, lanes, model.width)
    ids = torch.randint(vocabulary, (window + 1, lanes), device=device)
    times: list[float] = []
    while len(times) < 10 and sum(times) < 1:  # the first are slow, and how slow differs
        begun = time.perf_counter()
        loss, _, _ = crew.gradients(
            network, ids, network.zero_state(lanes), bf16=devices.bf16(device, precision)
        )
        loss.item()  # wait for the device
        times.append(time.perf_counter() - begun)
    weights = sum(p.numel() for p in network.parameters()) - network.embedding.weight.numel()
    return weights, min(times)
