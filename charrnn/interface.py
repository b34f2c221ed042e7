"""The functions of the package that load, prepare and train. `charrnn` has them by their names."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from os.path import isdir
from pathlib import Path
from typing import Unpack

from charrnn.cli.extras import find_extra
from charrnn.events import Emit, Event, Noticed
from charrnn.models import AnyModel, model_of
from charrnn.models.keywords import TextKeywords, TrainKeywords
from charrnn.models.public import public
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
from charrnn.storage.runs import MODEL, load_run
from charrnn.text.corpus import Corpus
from charrnn.text.preparation import prepare as prepare_files
from charrnn.training.begin import begin


@contextmanager
def listening(events: Emit | None, progress: bool) -> Iterator[Emit]:
    """A function that tells `events` what happens, and with `progress` shows it on stderr."""
    listeners = [events] if events else []
    with ExitStack() as stack:
        if progress:
            from charrnn.display.log import listen

            listeners.append(stack.enter_context(listen(quiet=False, as_json=False)))

        def emit(event: Event) -> None:
            if isinstance(event, Noticed):
                event = replace(event, message=in_python(event.message))
            for listener in listeners:
                listener(event)

        yield emit


@public
def load(run: str | Path | None = None, *, events: Emit | None = None) -> AnyModel:
    """The model of a run: by its name, its folder or its file; None: of the run trained last.

    One that was trained for another `task` than text predicts; any other samples and scores texts.
    `events` is called with a `Noticed` where the newest version was damaged. CheckpointError if
    there is no such run.
    """
    with listening(events, progress=False) as emit:
        return model_of(load_run(None if run is None else str(run), emit))


@public
def prepare(
    sources: str | Path | Sequence[str | Path],
    *,
    name: str | None = None,
    jobs: int = 1,
    progress: bool = False,
    events: Emit | None = None,
    **settings: Unpack[TextKeywords],
) -> Corpus:
    """Turn text files into a corpus for `train`, as `charrnn prepare` does.

    `settings` are those of `charrnn.settings.TextSettings`, such as `tokenizer="byte"`. `jobs`
    processes encode: a script that takes more than one stands under `if __name__ == "__main__":`.
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
    progress: bool = False,
    events: Emit | None = None,
    **settings: Unpack[TrainKeywords],
) -> AnyModel:
    """Train a model, as `charrnn train` does, in a new run called `run`, or after the corpus.

    `corpus` is a text file, a prepared corpus or a name such as "shakespeare"; not the text itself.
    `settings` are the command's: those of `ModelSettings`, `TrainSettings` and `TextSettings` in
    `charrnn.settings`, such as `time="2m"`; what is not given is chosen, as there. `progress` shows
    in a terminal or a notebook how far it is, and `events` is called with each event of
    `charrnn.events` as it happens. A recipe is such settings, too:
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
    progress: bool = False,
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


def _trained(request: Request, progress: bool, events: Emit | None, tensorboard: bool) -> AnyModel:
    """The model of the run that is asked for, once it is trained."""
    listeners = find_extra("--tensorboard")() if tensorboard else {}
    with listening(events, progress) as emit:
        run = begin(request, emit)
        from charrnn.training.record import train_and_record  # which loads torch

        train_and_record(run, emit, lambda: False, listeners)
    return model_of(load_checkpoint(run.plan.folder / MODEL))
