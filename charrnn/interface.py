"""The functions of the package that load, prepare and train. `charrnn` has them by their names.

What they return shows itself in a notebook, where they show their progress, too.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from os.path import isdir
from pathlib import Path
from typing import Any, Unpack

from charrnn.cli.extras import find_extra
from charrnn.errors import CharRNNError
from charrnn.events import Curves, Emit, Event, Noticed
from charrnn.inference.score import Score
from charrnn.models import AnyModel, model_of
from charrnn.models.base import Model
from charrnn.models.keywords import TextKeywords, TrainKeywords
from charrnn.models.public import public
from charrnn.models.text_model import Sample
from charrnn.models.words import in_python
from charrnn.settings import (
    ModelSettings,
    Request,
    TextSettings,
    TrainSettings,
    check_effective,
    checked_settings,
)
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.container import UNREADABLE
from charrnn.storage.runs import MODEL, load_run
from charrnn.tasks.outputs.label_scores import LabelScore, MultiLabelScore
from charrnn.tasks.outputs.sequence_scores import RewriteScore
from charrnn.tasks.outputs.tag_scores import TagScore
from charrnn.text.corpus import Corpus
from charrnn.text.preparation import prepare as prepare_files
from charrnn.training.begin import begin


@contextmanager
def listening(events: Emit | None, progress: bool | None) -> Iterator[Emit]:
    """A function that tells `events` what happens, and with `progress` shows it.

    Below the cell of a notebook, and elsewhere on stderr. None: in a notebook, if `events` is None.
    """
    listeners, notebook = [events] if events else [], _in_notebook()
    with ExitStack() as stack:
        if progress is None:
            progress = notebook and not events
        if progress and notebook:
            from charrnn.display.notebook import kernel_output, live_html

            listeners.append(stack.enter_context(live_html(kernel_output())))
        elif progress:
            from charrnn.display.log import listen

            listeners.append(stack.enter_context(listen(quiet=False, as_json=False)))

        def emit(event: Event) -> None:
            if isinstance(event, Noticed):
                event = replace(event, message=in_python(event.message))
            for listener in listeners:
                listener(event)

        yield emit


def _in_notebook() -> bool:
    """Whether a kernel of Jupyter runs the program: IPython is asked if it is there, not loaded."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


@public
def load(run: str | Path | None = None, *, events: Emit | None = None) -> AnyModel:
    """The model of a run: by its name, its folder or its file; None: of the run trained last.

    One that was trained for another `task` than text predicts; any other samples and scores texts.
    `events` is called with a `Noticed` where the newest version was damaged. CheckpointError if
    there is no such run.
    """
    with listening(events, progress=False) as emit:
        return model_of(load_run(run, emit))


@public
def prepare(
    sources: str | Path | Sequence[str | Path],
    *,
    name: str | None = None,
    jobs: int = 1,
    progress: bool | None = None,
    events: Emit | None = None,
    **settings: Unpack[TextKeywords],
) -> Corpus:
    """Turn text files into a corpus for `train`, as `charrnn prepare` does.

    `settings` are those of `charrnn.settings.TextSettings`, such as `tokenizer="byte"`. `jobs`
    processes encode: a script that takes more than one stands under `if __name__ == "__main__":`.
    `progress` and `events` are those of `train`.
    TextError for a text that cannot be read, UsageError for a setting that does not exist.

    >>> charrnn.prepare("tale.txt", split="80/10/10").tokenizer.size
    34
    """
    (text,) = checked_settings(settings, TextSettings)
    paths = [sources] if isinstance(sources, str | Path) else sources
    names = [*map(str, paths)]
    check_effective(text, ModelSettings(), folder=any(map(isdir, names)))
    with listening(events, progress) as emit:
        return prepare_files(names, text, name, emit, "split" in text.given, jobs=jobs)


@public
def train(
    corpus: str | Path | Corpus,
    *,
    run: str | None = None,
    base: str | None = None,
    tensorboard: bool = False,
    progress: bool | None = None,
    events: Emit | None = None,
    **settings: Unpack[TrainKeywords],
) -> AnyModel:
    """Train a model, as `charrnn train` does, in a new run called `run`, or after the corpus.

    `corpus` is a text file, a prepared corpus or a name such as "shakespeare"; not the text itself.
    `settings` are the command's: those of `ModelSettings`, `TrainSettings` and `TextSettings` in
    `charrnn.settings`, such as `time="2m"`; what is not given is chosen, as there. `events` is
    called with each event of `charrnn.events` as it happens. `progress` shows how far it is, which
    a notebook does unless it is False, or `events` is given. A recipe is such settings, too:
    `**charrnn.recipes.RECIPES["char-rnn"].settings`, after `import charrnn.recipes`. With a `base`
    it begins with the weights of that run's model: fine-tuning, `charrnn train --from`.
    `tensorboard` writes what TensorBoard shows into the run's folder.

    UsageError for a setting that does not exist, with the name that may have been meant:

    >>> charrnn.train("tale.txt", hidden_sise=24)
    Traceback (most recent call last):
    charrnn.errors.UsageError: train has no argument hidden_sise
    Did you mean hidden_size?
    """
    path = str(corpus.folder if isinstance(corpus, Corpus) else corpus)
    request = Request(path, *_checked(settings), run, base)
    return _trained(request, progress, events, tensorboard)


@public
def resume(
    run: str | None = None,
    *,
    corpus: str | Path | None = None,
    tensorboard: bool = False,
    progress: bool | None = None,
    events: Emit | None = None,
    **settings: Unpack[TrainKeywords],
) -> AnyModel:
    """Train a run further from where it is: None, the one trained last. `charrnn train --resume`.

    `settings` may give it another length, `time`, `steps` or `epochs`, which count from the run's
    beginning; a `corpus` is the text that it was trained on, where that has moved. CheckpointError
    for a run that cannot be resumed, UsageError for a setting that cannot change any more.

    >>> charrnn.resume("tale", steps=44).checkpoint.train.steps
    44
    """
    path = None if corpus is None else str(corpus)
    request = Request(path, *_checked(settings), run, resuming=True)
    return _trained(request, progress, events, tensorboard)


def _checked(settings: TrainKeywords) -> tuple[ModelSettings, TrainSettings, TextSettings]:
    model, train, text = checked_settings(settings, ModelSettings, TrainSettings, TextSettings)
    return model, train, text


def _trained(
    request: Request, progress: bool | None, events: Emit | None, tensorboard: bool
) -> AnyModel:
    """The model of the run that is asked for, once it is trained."""
    listeners = find_extra("--tensorboard")() if tensorboard else {}
    with listening(events, progress) as emit:
        run = begin(request, emit)
        from charrnn.training.record import train_and_record  # which loads torch

        train_and_record(run, emit, lambda: False, listeners)
    return model_of(load_checkpoint(run.plan.folder / MODEL))


def _html_of_run(model: Model) -> str:
    """A model as `charrnn inspect` shows it, with the curves of its run if that is here."""
    from charrnn.display.html import html_of
    from charrnn.display.listings import run_report
    from charrnn.storage.fitting_run import about_run
    from charrnn.storage.housekeeping import overview, run_folder
    from charrnn.storage.metrics import read_curves

    about, curves, kept = model.checkpoint.record(), Curves([], []), None
    with suppress(CharRNNError, *UNREADABLE):
        folder = run_folder(model.run)
        here = replace(about_run(folder), run=model.run)  # where another may have the same name
        if here.describe() == model.checkpoint.describe():
            run = overview(folder)
            curves, kept, about["steps"] = read_curves(folder), run.kept, run.steps
    return html_of(run_report(about, curves, kept), folded=True)


def _html_of_score(score: Any) -> str:
    """A score as `charrnn eval` shows it."""
    from charrnn.display.html import html_of
    from charrnn.display.listings import examples_report, score_report

    unit = next(name for name in score.scores if name.startswith("bits_per_"))[len("bits_per_") :]
    if isinstance(score, Score):
        return html_of(score_report(score.record() | {"unit": unit, "baselines": {}}))
    return html_of(examples_report(score, {"unit": unit}))


def _html_of_sample(sample: Sample) -> str:
    """A text in its lines."""
    from charrnn.display.html import html_of_text

    return html_of_text(sample)


_REPR_HTML = "_repr_html_"
"""The method that a notebook looks for. It is given to classes of rooms that know no display, when
this module is imported: all that makes an object of them in a notebook comes from here."""
setattr(Model, _REPR_HTML, _html_of_run)
setattr(Sample, _REPR_HTML, _html_of_sample)
for _kind in (Score, LabelScore, MultiLabelScore, TagScore, RewriteScore):
    setattr(_kind, _REPR_HTML, _html_of_score)
