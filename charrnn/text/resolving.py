"""The corpus that a word on the command line means, prepared first if necessary."""

import codecs
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.files import is_url
from charrnn.settings import TextSettings, check_effective, flag
from charrnn.text.catalog import locate, prepared
from charrnn.text.corpus import PARTS, Corpus
from charrnn.text.corpus_files import open_corpus
from charrnn.text.downloads import fetched
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_files import prepare_examples
from charrnn.text.example_formats import SUFFIXES
from charrnn.text.examples import ExampleFormat
from charrnn.text.preparation import described_tokenizer, prepare
from charrnn.text.tokenizers import TOKENIZERS, Tokenizer


def resolve(
    name: str,
    settings: TextSettings,
    emit: Emit,
    fmt: ExampleFormat | None = None,
    vocabulary: Tokenizer | None = None,
    beside: Sequence[str] = (),
) -> Corpus:
    """The corpus that `charrnn train NAME` means: of examples, with their format; else of a text.

    Its split is the given one, else the one it was prepared with. With a `vocabulary` it is in the
    tokens of that. Texts `beside` it follow it in one corpus. UsageError for a corpus of another
    task, in other tokens, or prepared with other settings than those given; for a given setting
    that has no effect; and for what cannot be joined.
    """
    if fmt:
        settings = fmt.settings
        check_effective(settings, task=fmt.task, tokenizer=None)
    elif name.endswith(SUFFIXES) and not settings.field and settings.tokenizer != "number":
        emit(Noticed(f"{name} is read as plain text. To learn from its columns, add --task."))
    paths = [_found(each, emit) for each in (name, *beside)]
    if beside:
        _check_joinable(paths, fmt)
    path, namesake = paths[0], _prepared(name)
    if (path / "corpus.json").is_file():
        corpus = open_corpus(path)
        _check_prepared(name, corpus, fmt, vocabulary)
        _check_same(name, corpus, settings)
    else:
        check_effective(settings, folder=any(map(os.path.isdir, paths)))
        if fmt:
            corpus = prepare_examples(fmt, path, None, emit)
        else:
            of_training = TOKENIZERS[settings.tokenizer].of_training
            split = settings.split if of_training else TextSettings.split
            unsplit = replace(settings, split=split)
            corpus = prepare(paths, unsplit, None, emit, False, vocabulary)
    corpus = corpus.with_split(settings.split) if "split" in settings.given else corpus
    _notice_namesakes(name, path, namesake, corpus, emit)
    fractions = zip(PARTS, corpus.text.fractions, strict=True)
    empty = [part for part, fraction in fractions if fraction and not corpus.has_part(part)]
    if empty and not (settings.valid or settings.test):
        parts = " and ".join(empty)
        split = corpus.text.split
        emit(Noticed(f"With --split {split} no example or token of {name} is for {parts}."))
    return corpus


def _notice_namesakes(
    name: str, path: Path, namesake: Path | None, corpus: Corpus, emit: Emit
) -> None:
    """Say what else the name means here, and how to take that."""
    others = []
    if namesake and namesake.resolve() != corpus.folder:
        others.append(f"{namesake.name} for the prepared corpus")
    if os.path.isdir(name) and not os.path.samefile(path, name):
        others.append(f"{os.path.join('.', name)} for the folder")
    if others:
        kind = "folder" if os.path.isdir(path) else "file"
        emit(Noticed(f"{name} is the {kind} {path} here. Write {' or '.join(others)}."))


def _prepared(name: str) -> Path | None:
    """The prepared corpus of that name, where there is one."""
    try:
        return prepared(name)
    except TextError:  # several, which have to be named in full
        return None


def _found(name: str, emit: Emit) -> Path:
    """What a name means: stdin as `-`, a file that is downloaded first, or what `locate` finds."""
    if name == "-":
        return Path(name)
    return fetched(name, emit) if is_url(name) else locate(name, emit)


def _check_joinable(paths: Sequence[Path], fmt: ExampleFormat | None) -> None:
    """Raise UsageError for examples, and for a prepared corpus among several texts."""
    if fmt:
        raise UsageError(
            f"--task {fmt.task} learns from one source",
            "Put the files into a folder and name that; or name a pattern in quotes: 'data/*.tsv'.",
        )
    for path in paths:
        if (path / "corpus.json").is_file():
            raise UsageError(
                f"{path} is prepared already, and cannot be joined with another text",
                "Name the texts that it was made of.",
            )


def _check_prepared(
    name: str, corpus: Corpus, fmt: ExampleFormat | None, vocabulary: Tokenizer | None
) -> None:
    """Raise UsageError if a prepared corpus is of another task or in other tokens."""
    task = fmt.task if fmt else Corpus.task
    if corpus.task != task:
        raise UsageError(
            f"{name} is a corpus for --task {corpus.task}, not for --task {task}",
            f"Train on it with --task {corpus.task}, or name another file.",
        )
    if vocabulary and described_tokenizer(vocabulary) != described_tokenizer(corpus.tokenizer):
        raise UsageError(
            f"{name} is prepared with another vocabulary", "Name the text that it was made of."
        )


def _check_same(name: str, corpus: Corpus, text: TextSettings) -> None:
    """Raise UsageError if a given setting is not what the corpus of that name was prepared with."""
    for field in fields(TextSettings):
        prepared, asked = getattr(corpus.text, field.name), getattr(text, field.name)
        if field.name == "encoding":
            prepared, asked = codecs.lookup(prepared).name, codecs.lookup(asked).name
        may_differ = field.name == "split" and not corpus.tokenizer.of_training
        if may_differ or field.name not in text.given or prepared == asked:
            continue
        option = flag(field.name)
        how = f"without {option}" if prepared is None else f"with {option} {prepared}"
        again = f"prepare the text again: charrnn prepare TEXT {option} {asked}."
        if isinstance(corpus, ExampleCorpus):
            again = "name the file that it was made of."
        raise UsageError(f"{name} is prepared {how}", f"Leave {option} out, or {again}")
