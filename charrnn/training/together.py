"""What several processes must agree on before they train one run together."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from charrnn.engine.ranks import Ranks
from charrnn.events import Emit
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.container import read_metadata
from charrnn.storage.runs import TRAINING, check_new, run_folders
from charrnn.text.corpus import Corpus
from charrnn.training.common_corpus import corpus_for_all
from charrnn.training.fine_tuning import corpus_and_base
from charrnn.training.new_run import new_run
from charrnn.training.resume import resume
from charrnn.training.run import Run


def new_run_together(
    ranks: Ranks,
    what: str,
    name: str | None,
    base: str | None,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Mapping[str, Any],
    emit: Emit,
) -> Run:
    """A new run on the text `what`, which the first rank prepares, as `new_run` makes it.

    After a restart by the launcher it is the run that these processes had begun.
    """
    if begun := _begun_before(ranks):
        return resume(begun, None, {}, emit, ranks)
    base_model: Checkpoint | None = None

    def prepared() -> Corpus:
        nonlocal base_model
        check_new(name)
        corpus, base_model = corpus_and_base(what, base, text, given, emit)
        return corpus

    corpus = corpus_for_all(ranks, prepared, what)
    base_model = ranks.from_first(lambda: base_model)
    return new_run(corpus, name, model, settings, given, emit, base=base_model, ranks=ranks)


def resume_together(
    ranks: Ranks, name: str | None, what: str | None, given: Mapping[str, Any], emit: Emit
) -> Run:
    """`resume` by several ranks. After a restart it is the run that they had resumed before."""
    if begun := _begun_before(ranks):
        return resume(begun, None, given, emit, ranks)
    return resume(name, what, given, emit, ranks)


def _begun_before(ranks: Ranks) -> str | None:
    """The run that these processes trained before the launcher started them again, if any."""

    def newest() -> str | None:
        for folder in reversed(run_folders(TRAINING) if ranks.restarts else []):
            with suppress(OSError, ValueError):  # damaged
                if read_metadata(folder / TRAINING).get("launch") == ranks.launch:
                    return folder.name
        return None

    return ranks.from_first(newest)
