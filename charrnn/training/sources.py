"""The text and the model that a request for a new run names.

torch is not needed for this: what can fail here fails before torch is loaded.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from charrnn.errors import TextError
from charrnn.events import Emit
from charrnn.settings import STORED, Request, TextSettings, values_of, without_effect
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import check_new
from charrnn.tasks import example_format
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import find_corpus
from charrnn.text.resolving import resolve
from charrnn.training.fine_tuning import check_same, load_base

if TYPE_CHECKING:
    from charrnn.engine.ranks import Ranks

_LEARNED = ("bpe", "unigram", "number")
"""Another text would give another vocabulary: the base's is taken."""


class Sources(NamedTuple):
    """The corpus that a new run learns from, and the model that it begins with."""

    corpus: Corpus
    base: Checkpoint | None


def find_sources(request: Request, emit: Emit) -> Sources:
    """What a request for a new run names; the corpus is prepared first if necessary.

    With a base the corpus is in tokens of its kind. UsageError if another tokenizer is given, or if
    there is a run of that name; TextError if the corpus is prepared with another one.
    """
    assert request.corpus
    check_new(request.name)
    task = request.model.task
    if request.base is None:
        fmt = example_format(task, request.text)
        return Sources(
            resolve(request.corpus, request.text, emit, fmt, beside=request.beside), None
        )
    base = load_base(request.base, emit, task)
    return Sources(_corpus_for(base, request, emit), base)


def _corpus_for(base: Checkpoint, request: Request, emit: Emit) -> Corpus:
    """The corpus in tokens of the base's kind. Examples learn a vocabulary of their own."""
    name, text, kind = str(request.corpus), request.text, base.tokenizer.kind
    if not base.is_language_model:
        return _examples_for(base, name, text, emit)
    fixed = {"tokenizer", "vocab_size"} if kind in _LEARNED else {"tokenizer"}
    check_same(base, asdict(text), fixed & text.given)
    vocabulary = base.tokenizer if kind in _LEARNED else None
    text = text.with_chosen(tokenizer=kind)
    corpus = resolve(name, text, emit, vocabulary=vocabulary, beside=request.beside)
    if corpus.tokenizer.kind != kind:
        raise TextError(
            f"{name} is prepared with --tokenizer {corpus.tokenizer.kind}, "
            f"and run {base.run} has --tokenizer {kind}",
            "Name the text itself instead of the prepared corpus.",
        )
    return corpus


def _examples_for(base: Checkpoint, name: str, text: TextSettings, emit: Emit) -> Corpus:
    """Examples that are read as the base's are, of its shape and scale if they are no texts."""
    alike = {"tokenizer", *STORED} - without_effect(values_of(base.model, base.text)).keys()
    check_same(base, asdict(text), alike & text.given)
    text = text.with_given(**{setting: getattr(base.text, setting) for setting in alike})
    corpus = resolve(name, text, emit, example_format(base.model.task, text, base.input_scale))
    check_same(base, asdict(corpus.text), alike)  # it may have been prepared before
    if corpus.input_shape != base.input_shape:
        raise TextError(
            f"{name} has inputs of the shape {corpus.input_shape}, "
            f"and run {base.run} of {base.input_shape}",
            "Name pictures, or features of that shape, or train a new model without --from.",
        )
    if corpus.input_scale != base.input_scale:
        raise TextError(
            f"{name} is prepared with another scale than that of run {base.run}",
            "Name the file that it was made of.",
        )
    return corpus


def shared_corpus(ranks: "Ranks", find: Callable[[], Corpus], name: str) -> Corpus:
    """The corpus that the first rank finds, on all ranks; `name` stands in messages.

    Where a rank's machine does not have it, it is prepared there, too.
    """
    mine: Corpus | None = None

    def key_and_split() -> tuple[str, str]:
        nonlocal mine
        mine = find()
        return mine.key, mine.text.split

    key, split = ranks.broadcast(key_and_split)
    corpus = mine or find_corpus(key) or find()
    ranks.wait_for_all()  # another machine may have to prepare it
    if corpus.key != key:
        raise TextError(
            f"{name} differs between the machines of this run",
            "Copy it to all of them, or point CHARRNN_HOME at a folder that all of them see.",
        )
    return corpus.with_split(split)
