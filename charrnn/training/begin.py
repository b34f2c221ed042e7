"""How a run begins: new, fine-tuned or resumed, by one process or by one of several ranks."""

from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from charrnn.errors import UsageError
from charrnn.events import Emit
from charrnn.files import checkpoints
from charrnn.settings import ModelSettings, Request, TextSettings, TrainSettings
from charrnn.storage.container import read_metadata
from charrnn.storage.runs import TRAINING, find, run_folders
from charrnn.training.sources import Sources, find_sources

if TYPE_CHECKING:  # they load torch, which what is asked for may not need
    from charrnn.engine.ranks import Ranks
    from charrnn.training.run import Run


def begin(
    request: Request,
    emit: Emit,
    ranks: "Ranks | None" = None,
    sources: Sources | None = None,
) -> "Run":
    """The run that is asked for, ready for its next step. Every run begins here.

    Several `ranks` call it at once: the first one prepares the text. Started again by the launcher,
    they resume the run that they had begun. `sources`: the request's, where they are known.
    """
    sources_once = cache(lambda: sources or find_sources(request, emit))
    if ranks is None and request.resuming:  # what can fail without torch fails before it is loaded
        _check_meant(request, find(request.name, TRAINING).parent.name)
    elif ranks is None:
        sources_once()
    from charrnn.engine.ranks import ALONE
    from charrnn.training.new_run import new_run
    from charrnn.training.resume import resume
    from charrnn.training.sources import shared_corpus

    ranks = ranks or ALONE
    if begun := _begun_before(ranks):
        request = _resumed(request, begun)
    if request.resuming:
        return resume(request, emit, ranks)
    corpus = shared_corpus(ranks, lambda: sources_once().corpus, str(request.corpus))
    base = ranks.broadcast(lambda: sources_once().base)
    return new_run(request, Sources(corpus, base), emit, ranks)


def _check_meant(request: Request, run: str) -> None:
    """UsageError where the text of the run to resume has the name of another run."""
    word = request.corpus
    if word and not request.name and word != run and (checkpoints() / word / TRAINING).is_file():
        raise UsageError(
            f"--resume takes the run trained last, {run}, and there is a run {word}, too",
            f"To resume that one: charrnn train --resume --run {word}\n"
            f"To resume {run}: charrnn train --resume",
        )


def _begun_before(ranks: "Ranks") -> str | None:
    """The run that these processes trained before the launcher started them again, if any."""

    def newest() -> str | None:
        for folder in reversed(run_folders(TRAINING) if ranks.restarts else []):
            with suppress(OSError, ValueError):  # damaged
                if read_metadata(folder / TRAINING).get("launch") == ranks.launch:
                    return folder.name
        return None

    return ranks.broadcast(newest)


def _resumed(request: Request, name: str) -> Request:
    """The request to resume the run of that name, which may have been a request for a new one."""
    if request.resuming:
        return replace(request, corpus=None, name=name, more=None)  # it has been added
    return Request(None, ModelSettings(), TrainSettings(), TextSettings(), name, resuming=True)
