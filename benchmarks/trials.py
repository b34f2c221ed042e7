"""Models that are trained for a time, and their figures beside those of others."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path

import charrnn
from benchmarks import measure
from benchmarks.measure import Options, Row, charrnn_json, per_call
from charrnn.models.predictor import Predictor
from charrnn.values import seconds

MOST_REPEATED = 30 * 60  # seconds that a run takes which is repeated with other seeds


@dataclass(frozen=True)
class Peer:
    """A figure that others have published, or that their program reaches here."""

    figure: str
    value: float
    whose: str


@dataclass(frozen=True)
class Compared(Row):
    """The median of a figure over seeds, beside a peer's, of which `ratio` is a multiple.

    `trained`: the task, and for how long. `wall_seconds`: that it took, start and saving included.
    """

    trained: str = ""
    values: tuple[float, ...] = ()
    peer: float | None = None
    wall_seconds: float = 0.0
    chosen: str = ""


@dataclass(frozen=True)
class Trained:
    """A run: its folder, the seconds that training took from start to end, and what it chose."""

    folder: Path
    wall_seconds: float
    chosen: str

    @property
    def megabytes(self) -> float:
        """Of the model on disk."""
        return (self.folder / "model.safetensors").stat().st_size / 1e6

    def predictor(self) -> Callable[[Sequence[str]], list[str]]:
        """What it predicts of texts, a line each. It computes with NumPy."""
        model = charrnn.load(self.folder)
        assert isinstance(model, Predictor)
        return lambda texts: [one.line for one in model.predict(texts)]


Trial = Callable[[str, int], tuple[Trained, Mapping[str, float]]]
"""(time, seed) -> a run, and its figures by name."""


def train(options: Options, file: Path, time: str, seed: int, *flags: str) -> Trained:
    """Train on a file for a time, with the command."""
    run = f"{file.stem}-{time}-{seed}"
    length = ("--time", time, "--seed", str(seed), "--run", run, "--quiet")
    ran = measure.charrnn(options.home, "train", str(file), *length, *flags)
    about = charrnn_json(options.home, "inspect", run)
    model, epochs = about["model"], about["validation"][-1]["epoch"]
    network = f"{model['cell']} {model['layers']}x{model['hidden_size']}"
    chosen = f"{network}, dropout {model['dropout']:.2g}, {epochs:.2g} epochs"
    return Trained(options.home / "checkpoints" / run, ran.seconds, chosen)


def medians(
    options: Options,
    task: str,
    times: Sequence[str],
    peers: Sequence[Peer],
    units: Mapping[str, str],
    trial: Trial,
) -> Iterator[Compared]:
    """A row for each time, figure and peer. Runs of more than half an hour have one seed.

    `times`: unless the command line has some. `units`: of the figures that have one.
    """
    for time in options.times or times:
        seeds = options.seeds if seconds(time) <= MOST_REPEATED else 1
        runs, scores = zip(*(trial(time, seed) for seed in range(1, seeds + 1)), strict=True)
        wall = statistics.median(run.wall_seconds for run in runs)
        for figure in scores[0]:
            values = tuple(score[figure] for score in scores)
            value, unit = statistics.median(values), units.get(figure, "")
            theirs = {peer.whose: peer.value for peer in peers if peer.figure == figure}
            for whose, other in theirs.items() or [("", None)]:
                yield Compared(
                    "published", f"{task}, {time}: {figure}", value, unit, other and value / other,
                    whose, f"{task}, {time}", values, other, wall, runs[0].chosen,
                )  # fmt: skip


def rate(work: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Texts a second."""
    return len(texts) / per_call(lambda: work(texts))


def installed_megabytes(package: str) -> float:
    """Of all files of a package that is installed. PackageNotFoundError if it is not."""
    return sum(Path(str(file.locate())).stat().st_size for file in files(package) or []) / 1e6
