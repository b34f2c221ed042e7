"""Training several cells, with several seeds each, to be compared."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from charrnn.cells.parameters import count
from charrnn.errors import DivergedError
from charrnn.events import Emit, Noticed
from charrnn.settings import CellName, ModelSettings, Request
from charrnn.storage.runs import MODEL
from charrnn.tasks import task_of
from charrnn.tasks.base import Task
from charrnn.training.automatic import left_open
from charrnn.training.begin import begin
from charrnn.training.record import Listeners, train_and_record
from charrnn.training.run import Run
from charrnn.training.sources import Sources

_LARGEST = 65536  # hidden units


@dataclass(frozen=True)
class Sweep:
    """A run of each cell and seed, from the request's seed on; each has `parameters` if given."""

    request: Request
    sources: Sources
    cells: Sequence[CellName]
    seeds: int
    parameters: int | None = None
    listeners: Listeners = field(default_factory=dict)


def sweep(each: Sweep, emit: Emit, stop: Callable[[], bool]) -> Iterator[str]:
    """Train a run of each cell and seed, one after the other, until `stop()`; names of the runs.

    Unless a hidden size is given, every network is as large as the number of parameters allows, or
    as the first one. Runs of one cell have the same settings. A run that diverges is left out.
    """
    corpus, first_seed, parameters = each.sources.corpus, each.request.train.seed, each.parameters
    for cell in each.cells:
        request = _of_cell(each, cell, parameters)
        for seed in range(first_seed, first_seed + each.seeds):
            if stop():
                return
            name = f"{corpus.name}-{cell}" + (f"-s{seed}" if each.seeds > 1 else "")
            train = request.train.with_chosen(seed=seed)
            request = replace(request, train=train, default_name=name)
            run = begin(request, emit, sources=each.sources)
            request = _with_settings_of(run, request)
            parameters = parameters or sum(p.numel() for p in run.model.parameters())
            if _trained(run, each, emit, stop):
                yield run.plan.folder.name


def _of_cell(each: Sweep, cell: CellName, parameters: int | None) -> Request:
    """The request for runs of a cell, with the hidden size that gives `parameters`."""
    model = each.request.model.with_chosen(cell=cell)
    if parameters and "hidden_size" not in model.given:
        model = with_parameters(model, task_of(model, each.sources.corpus), parameters)
        model = model.with_given(hidden_size=model.hidden_size)
    return replace(each.request, model=model)


def _with_settings_of(run: Run, request: Request) -> Request:
    """The request with the settings of a run, so that what was chosen is chosen for all seeds."""
    asked_model, asked_train = request.model, request.train
    model, train = run.plan.model, run.plan.train
    chosen = left_open(asked_model, train, run.plan.text)
    model = model.with_names(asked_model.given | chosen, asked_model.typed)
    train = train.with_names(asked_train.given | chosen, asked_train.typed)
    return replace(request, model=model, train=train)


def _trained(run: Run, each: Sweep, emit: Emit, stop: Callable[[], bool]) -> bool:
    """Train a run. Whether it has a model, which it lacks if it diverged or was stopped early."""
    try:
        train_and_record(run, emit, stop, each.listeners)
    except DivergedError as error:
        emit(Noticed(f"{run.plan.folder.name} is left out: {error.message}."))
        return False
    return (run.plan.folder / MODEL).exists()


def with_parameters(model: ModelSettings, task: Task, parameters: int) -> ModelSettings:
    """The same with the hidden size whose network comes nearest to `parameters`."""

    def number_of(hidden_size: int) -> int:
        return count(task.parameters(model.with_hidden_size(hidden_size)))

    smaller = bisect_left(range(1, _LARGEST), parameters, key=number_of)
    nearest = min(max(1, smaller), smaller + 1, key=lambda size: abs(number_of(size) - parameters))
    return model.with_hidden_size(nearest)
