"""charrnn: character-level recurrent language models, from the command line and from Python.

>>> import charrnn
>>> model = charrnn.train("tale.txt", steps=40, hidden_size=24, run="tale")
>>> len(model.sample("The ", length=100))
100
>>> charrnn.load("tale").score("The old king sat by the sea.").tokens
27

`load` and the model that it gives need NumPy alone; only `train` loads torch. What cannot be done
raises a `charrnn.errors.CharRNNError`, whose `message` and `hint` are those of the command line.
"""

from __future__ import annotations

TYPE_CHECKING = False  # nothing is loaded before it is needed, not even typing
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from charrnn.events import Emit
    from charrnn.models import Predictor, TextModel
    from charrnn.text.corpus import Corpus

__version__ = "0.1.0"
__all__ = ["load", "prepare", "train"]


def load(run: str | Path | None = None, *, events: Emit | None = None) -> TextModel | Predictor:
    """The model of a run: by its name, its folder or its file; None: of the run trained last.

    One that was trained for another `task` than text predicts; any other samples and scores texts.
    `events` is called with a `Noticed` where the newest version was damaged. CheckpointError if
    there is no such run.
    """
    from charrnn.models import model_of
    from charrnn.storage.runs import load_run

    return model_of(load_run(None if run is None else str(run), events or _ignore, None))


def prepare(
    sources: str | Path | Sequence[str | Path],
    *,
    name: str | None = None,
    jobs: int = 1,
    events: Emit | None = None,
    **settings: Any,
) -> Corpus:
    """Turn text files into a corpus for `train`, as `charrnn prepare` does.

    `settings` are those of `charrnn.settings.TextSettings`, such as `tokenizer="byte"`. `jobs`
    processes encode: a script that takes more than one stands under `if __name__ == "__main__":`.
    TextError for a text that cannot be read, UsageError for a setting that does not exist.

    >>> charrnn.prepare("tale.txt", split="80/10/10").tokenizer.size
    34
    """
    from os.path import isdir

    from charrnn.settings import TextSettings, check_effective, checked_settings
    from charrnn.text.preparation import prepare as prepare_files

    (text,) = checked_settings(settings, TextSettings)
    paths = [sources] if isinstance(sources, str) or hasattr(sources, "__fspath__") else sources
    sources = [*map(str, paths)]
    check_effective(text, task="text", folder=any(map(isdir, sources)))
    split_given = "split" in text.given
    return prepare_files(sources, text, name, events or _ignore, split_given, jobs=jobs)


def train(
    corpus: str | Path | Corpus,
    *,
    run: str | None = None,
    base: str | None = None,
    tensorboard: bool = False,
    events: Emit | None = None,
    **settings: Any,
) -> TextModel | Predictor:
    """Train a model, as `charrnn train` does, in a new run called `run`, or after the corpus.

    `corpus` is a text file, a prepared corpus or a name such as "shakespeare"; not the text itself.
    `settings` are the command's: those of `ModelSettings`, `TrainSettings` and `TextSettings` in
    `charrnn.settings`, such as `time="2m"`; what is not given is chosen, as there. `events` is
    called with each event of `charrnn.events` as it happens. A recipe is such settings, too:
    `**charrnn.recipes.RECIPES["char-rnn"].settings`, after `import charrnn.recipes`. With a `base`
    it begins with the weights of that run's model: fine-tuning, `charrnn train --from`.
    `tensorboard` writes what TensorBoard shows into the run's folder.

    UsageError for a setting that does not exist, with the name that may have been meant:

    >>> charrnn.train("tale.txt", hidden_sise=24)
    Traceback (most recent call last):
    charrnn.errors.UsageError: there is no setting hidden_sise
    """
    from charrnn.cli.extras import find_extra
    from charrnn.models import model_of
    from charrnn.settings import (
        ModelSettings,
        Request,
        TextSettings,
        TrainSettings,
        checked_settings,
    )
    from charrnn.storage.checkpoint import load_checkpoint
    from charrnn.storage.runs import MODEL
    from charrnn.text.corpus import Corpus
    from charrnn.training.begin import begin

    kinds = (ModelSettings, TrainSettings, TextSettings)
    path = corpus.folder if isinstance(corpus, Corpus) else corpus
    model, training, text = checked_settings(settings, *kinds)
    request = Request(str(path), model, training, text, run, base)
    listeners = find_extra("--tensorboard")() if tensorboard else {}
    emit = events or _ignore
    new = begin(request, emit)
    from charrnn.training.record import train_and_record

    train_and_record(new, emit, lambda: False, listeners)
    return model_of(load_checkpoint(new.plan.folder / MODEL))


def _ignore(_: object) -> None:
    """Nobody listens to the events."""
