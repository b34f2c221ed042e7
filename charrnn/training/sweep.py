"""Training several cells, with several seeds each, to be compared."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from charrnn.errors import DivergedError
from charrnn.events import Emit, Noticed
from charrnn.settings import CellName, ModelSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.layout import Sizes, parameter_count
from charrnn.storage.runs import MODEL
from charrnn.tasks import task_on
from charrnn.text.corpus import Corpus
from charrnn.training.automatic import left_open
from charrnn.training.new_run import new_run
from charrnn.training.record import NO_LISTENERS, Listeners, train_and_record


def sweep(
    corpus: Corpus,
    cells: Sequence[CellName],
    seeds: int,
    parameters: int | None,
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    emit: Emit,
    stop: Callable[[], bool],
    base: Checkpoint | None = None,
    *,
    listeners: Listeners = NO_LISTENERS,
) -> Iterator[str]:
    """Train a run of each cell and seed, one after the other, until `stop()`; names of the runs.

    With a `base` each begins with that model's weights.

    Unless a hidden size is given, every network is as large as that number of `parameters` allows,
    or as the first one. Runs of one cell have the same settings. A run that diverges is left out.
    """
    for cell in cells:
        sized, own, given_now = replace(model, cell=cell), settings, dict(given)
        if parameters and "hidden_size" not in given:
            sized = with_parameters(sized, task_on(model.task, corpus).sizes, parameters)
            given_now["hidden_size"] = sized.hidden_size
        for seed in range(settings.seed, settings.seed + seeds):
            if stop():
                return
            name = f"{corpus.name}-{cell}" + (f"-s{seed}" if seeds > 1 else "")
            seeded = replace(own, seed=seed)
            run = new_run(corpus, None, sized, seeded, given_now, emit, name, base)
            sized, own = run.model.settings, run.settings
            given_now |= dict.fromkeys(left_open(own, given_now))  # chosen once, for all seeds
            parameters = parameters or sum(p.numel() for p in run.model.parameters())
            try:
                train_and_record(run, emit, stop, listeners)
            except DivergedError as error:
                emit(Noticed(f"{run.folder.name} is left out: {error.message}."))
                continue
            if (run.folder / MODEL).exists():  # missing if it was stopped before its first model
                yield run.folder.name


def with_parameters(model: ModelSettings, sizes: Sizes, parameters: int) -> ModelSettings:
    """The same with the hidden size whose network comes nearest to so many parameters."""

    def misfit(hidden_size: int) -> int:
        sized = model.with_hidden_size(hidden_size)
        return parameter_count(sized, *sizes) - parameters

    high = 1
    while misfit(high) < 0 and high < 65536:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if misfit(middle) < 0 else (low, middle)
    best = min((size for size in (low, high) if size), key=lambda size: abs(misfit(size)))
    return model.with_hidden_size(best)
