"""What of a number is rounded, and to which bins: both are learned from the training part.

What is rounded is the number or its logarithm, less what is expected: nothing, the number before,
the one a season before, or this plus the change since then a season before.
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Self

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.settings import SettingError, TextSettings, read

Values = NDArray[np.float64]
_Finite = Annotated[float, Gt(-math.inf), Lt(math.inf)]

_WORTH, _EACH = 1.25, 0.75  # bits that differences must save: any of them, and each
_MOST_DECIMALS = 9
_LARGEST_LOG = 230.0
_TAIL, _REACH = 1 / 16, 0.5  # the bins of each tail, of all; how far it reaches, in ranges


@dataclass(frozen=True)
class Scale:
    """How numbers become what is rounded, and back.

    `last` and `season`: how many steps back that stands which is subtracted, 0 for nothing.
    `start` (lag,): the scaled numbers that training began with. `least`: the smallest number of
    training, if none is negative. `decimals` of the numbers, -1 for as many as it takes. `naive`:
    the mean absolute error of taking the number a season, or one, before for the next in training.
    """

    log: bool
    last: Annotated[int, Ge(0), Le(1)]
    season: Annotated[int, Ge(0)]
    start: tuple[_Finite, ...]
    least: _Finite | None
    decimals: Annotated[int, Ge(-1), Le(_MOST_DECIMALS)]
    naive: _Finite = 0.0

    @property
    def lag(self) -> int:
        """How many numbers must come before one, so that it is known what to expect."""
        return self.last + self.season

    def scaled(self, values: Values) -> Values:
        """The numbers (N,) or their logarithms; as if those below the least were not far below."""
        return np.log(np.maximum(values, (self.least or 1) / 1000)) if self.log else values

    def unscaled(self, scaled: Any) -> Values:
        """The numbers (...) of scaled ones; not negative, if none was."""
        values = np.exp(np.minimum(scaled, _LARGEST_LOG)) if self.log else np.asarray(scaled)
        return values if self.least is None else np.maximum(values, 0.0)

    def expected(self, history: Any) -> Any:
        """What is subtracted from the next scaled number: a sequence of numbers, or of arrays."""
        if not self.lag:
            return 0.0
        if not self.season:
            return history[-1]
        before = history[-self.season]
        return before + (history[-1] - history[-self.season - 1]) if self.last else before

    def differences(self, scaled: Values) -> Values:
        """Scaled numbers (N,) less what is expected (N - lag,)."""
        if self.season:
            scaled = scaled[self.season :] - scaled[: -self.season]
        return np.diff(scaled) if self.last else scaled

    def all_differences(self, series: Sequence[Values]) -> Values:
        """What is rounded of all series (N,), without missing numbers."""
        return known([self.differences(self.scaled(values)) for values in series])

    def text(self, value: float) -> str:
        """A number as the training text has them."""
        if self.decimals < 0 or abs(value) > 1e15:
            return f"{value:.9g}"
        return f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"  # + 0.0: no -0

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises ValueError if `data` does not come from `asdict`."""
        with suppress(SettingError):
            scale = read(cls, data)
            whole = {"naive": cls.naive} | data
            exact = json.dumps(asdict(scale), sort_keys=True) == json.dumps(whole, sort_keys=True)
            if exact and len(scale.start) == scale.lag:  # a 1 is no True
                return scale
        raise ValueError("the scale of a tokenizer of numbers is damaged")


def best_scale(train: Sequence[Values], settings: TextSettings) -> Scale:
    """The scale that is asked for, else the one that leaves the fewest bits, after what is added.

    Differences must be worth it, as a network learns best what stays within bounds. Logarithms are
    only for them: bins by quantiles are the same without. TextError for those of numbers that
    are not positive.
    """
    season = settings.season or 0
    lags = {"none": (0, 0), "last": (1, 0), "season": (0, season), "both": (1, season)}
    kinds = [settings.difference] if settings.difference else [*lags][: 4 if season else 2]
    numbers = known(train)
    least = float(numbers.min())
    if settings.scale == "log" and least <= 0:
        raise TextError(
            f"--scale log needs positive numbers, and one is {least:g}", "Leave it out."
        )
    beside = (least if least >= 0 else None, _decimals(numbers), _naive_error(train, season or 1))
    longest = max(train, key=len)

    def made(last: int, season: int, log: bool) -> Scale:
        scale = Scale(log, last, season, (), *beside)
        return replace(scale, start=tuple(filled(scale.scaled(longest))[: scale.lag].tolist()))

    best = min((made(*lags[kind], log=False) for kind in kinds), key=lambda s: _bits(s, train))
    if least > 0 and settings.scale != "linear":
        log = made(best.last, best.season, log=True)
        if settings.scale == "log" or (best.lag and _bits(log, train) < _bits(best, train)):
            return log
    return best


def _bits(scale: Scale, train: Sequence[Values]) -> float:
    """The bits that the differences of a scale spread over, with what these must be worth."""
    rest = scale.all_differences(train)
    if not rest.size:
        return math.inf
    spread = float(np.abs(rest - np.median(rest)).mean())
    kinds = bool(scale.last) + bool(scale.season)
    cost = _WORTH * (kinds > 0) + _EACH * kinds
    stretched = float(np.log2(known(train)).mean()) if scale.log else 0.0
    return math.log2(spread + 1e-300) + cost + stretched


def known(series: Sequence[Values]) -> Values:
    """The numbers (N,) of all series that are not missing."""
    numbers: Values = np.concatenate([*series, np.zeros(0)])
    return numbers[~np.isnan(numbers)]


def _naive_error(train: Sequence[Values], back: int) -> float:
    """How far numbers are from those so many steps back, on average: 0 where none is known."""
    errors = np.concatenate([np.abs(values[back:] - values[:-back]) for values in train])
    return float(np.nanmean(errors)) if not np.isnan(errors).all() else 0.0


def _decimals(numbers: Values) -> int:
    """The decimals that the numbers have; -1 for many."""
    exact = (n for n in range(_MOST_DECIMALS + 1) if (np.round(numbers, n) == numbers).all())
    return next(exact, -1)


def filled(values: Values) -> Values:
    """The numbers (N,), missing ones as the one before, or else the first that is there."""
    there = np.flatnonzero(~np.isnan(values))
    if not there.size:
        return np.zeros_like(values)
    before = np.searchsorted(there, np.arange(len(values)), side="right") - 1
    return values[there[np.maximum(before, 0)]]


@dataclass(frozen=True)
class Bins:
    """Bins of scaled differences: `edges` (B + 1,) around `centres` (B,)."""

    edges: Values
    centres: Values

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises ValueError if `data` does not come from `to_json`."""
        try:
            bins = cls(*(np.array(data[name], np.float64) for name in ("edges", "centres")))
            edges, centres = bins.edges, bins.centres
            is_whole = (
                edges.ndim == centres.ndim == 1
                and len(edges) == len(centres) + 1 > 1
                and np.isfinite(edges).all()
                and (np.diff(edges) > 0).all()
                and (edges[:-1] <= centres).all()
                and (centres <= edges[1:]).all()
                and (np.diff(centres) > 0).all()
            )
        except (TypeError, KeyError, ValueError, OverflowError):
            is_whole = False
        if not is_whole:
            raise ValueError("the bins of a tokenizer of numbers are damaged")
        return bins

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {name: array.tolist() for name, array in asdict(self).items()}


def learn_bins(differences: Values, count: int) -> Bins:
    """At most `count` bins: about as many numbers in each, or a single one if few are different.

    Their edges are half-way between numbers. The tails are bins of equal size on both sides.
    """
    tail = max(1, round(count * _TAIL))
    different, occurrences = np.unique(differences, return_counts=True)
    last = np.arange(len(different))  # of each bin, among the different numbers
    if len(different) > count - 2 * tail:
        shares = np.arange(1, count - 2 * tail + 1) / (count - 2 * tail)
        last = np.unique(np.searchsorted(occurrences.cumsum(), shares * len(differences)))
    first = np.append(0, last[:-1] + 1)
    centres = (different[first] + different[last]) / 2
    between = (different[last[:-1]] + different[first[1:]]) / 2
    low, high = different[[0, -1]]
    if len(between):
        ends = 2 * low - between[0], 2 * high - between[-1]
    else:
        ends = low - max(1.0, abs(low)) / 2, high + max(1.0, abs(high)) / 2
    reach = np.linspace(0, _REACH * (ends[1] - ends[0]), tail + 1)[1:]
    below, above = ends[0] - reach[::-1], ends[1] + reach
    edges = np.concatenate([below, [ends[0]], between, [ends[1]], above])
    middles = (edges[:-1] + edges[1:]) / 2
    return Bins(edges, np.concatenate([middles[:tail], centres, middles[-tail:]]))
