"""Several runs side by side, or several cells that are trained to be."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from charrnn import runs, store
from charrnn.engine import start
from charrnn.engine.score import score
from charrnn.errors import CharRNNError, CheckpointError, DivergedError
from charrnn.events import Curves, Emit, Noticed
from charrnn.settings import CellName, ModelSettings, TrainSettings
from charrnn.text.corpus import Corpus


@dataclass(frozen=True)
class Compared:
    """A run in the table. All of `part` was scored, as a stream; None is what nobody wrote down."""

    run: str
    cell: str
    size: str
    parameters: int
    characters_per_second: float | None
    steps: int | None
    seconds: float | None
    corpus: str
    part: str
    bits_per_character: float
    curves: Curves

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        named = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "curves"}
        return named | self.curves.record()


def trained(
    cells: Sequence[CellName],
    corpus: Corpus,
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    parameters: int | None,
    emit: Emit,
    stop: Callable[[], bool],
) -> Iterator[str]:
    """Train a run of each cell, one after the other, until `stop()`; the names of the runs.

    Every network is as wide as that number of `parameters` allows, or as many as the first one has;
    unless a width is `given`. A cell that diverges is left out, and that is said.
    """
    for cell in cells:
        if stop():
            return
        sized, known = replace(model, cell=cell), dict(given)
        if parameters:
            width = width_of(sized, corpus.tokenizer.size, parameters)
            sized, known["width"] = sized.at_width(width), width
        session = start.fresh(
            corpus, None, sized, settings, known, emit, called=f"{corpus.name}-{cell}"
        )
        if "width" not in given:
            parameters = parameters or store.parameters(
                session.model_settings, corpus.tokenizer.size
            )
        try:
            start.run(session, emit, stop)
        except DivergedError as error:
            emit(Noticed(f"{session.folder.name} is left out: {error.message}."))
            continue
        if (session.folder / runs.MODEL).exists():  # it may have been stopped before that
            yield session.folder.name


def width_of(model: ModelSettings, vocabulary: int, parameters: int) -> int:
    """The width whose network comes nearest to so many parameters."""

    def misfit(width: int) -> int:
        return store.parameters(model.at_width(width), vocabulary) - parameters

    high = 1
    while misfit(high) < 0 and high < 65536:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if misfit(middle) < 0 else (low, middle)
    return min((w for w in (low, high) if w), key=lambda width: abs(misfit(width)))


def compared(names: Sequence[str], part: str | None, emit: Emit) -> list[Compared]:
    """The runs of those names, or all there are that can be scored; the best on a text first.

    CheckpointError if there are none.
    """
    rows = []
    for name in dict.fromkeys(names or [folder.name for folder in runs.runs()]):
        try:
            rows.append(_row(name, part, emit))
        except CharRNNError as error:
            if names:
                raise
            emit(Noticed(f"{name} is left out: {error.message}."))
    if not rows:
        runs.find(None)  # says so, if nothing has been trained here
        raise CheckpointError("there is no run that can be scored", "Name some to see why.")
    return sorted(rows, key=lambda row: (row.corpus, row.part, row.bits_per_character))


def _row(name: str, part: str | None, emit: Emit) -> Compared:
    scored = score(name, None, part, None, False, "utf-8", "auto", emit)
    found = runs.load_run(name, lambda _: None)  # what is to be said of it was said
    curves = runs.curves(name)
    rates = [point.rate for point in curves.training if point.rate]
    last = max([*curves.training, *curves.validation], default=None, key=lambda point: point.step)
    return Compared(
        run=name,
        cell=found.model.cell,
        size=found.model.size,
        parameters=found.parameters,
        characters_per_second=statistics.median(rates) if rates else None,
        steps=last.step if last else None,
        seconds=last.seconds if last else None,
        corpus=found.corpus,
        part=scored["part"],
        bits_per_character=scored["bits_per_character"],
        curves=curves,
    )
