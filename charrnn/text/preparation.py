"""Preparing a corpus: its text is read three times, for digest, vocabulary and tokens."""

import codecs
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed, Prepared, Progress
from charrnn.files import atomic_folder, atomic_write, corpora
from charrnn.settings import TextSettings, check_effective, without_effect
from charrnn.text.catalog import locate
from charrnn.text.corpus import FORMAT, Corpus, change_split, open_corpus, write_json
from charrnn.text.documents import separator
from charrnn.text.encoding import encode_pieces
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.joined_sources import JoinedSources
from charrnn.text.setting_checks import check_same
from charrnn.text.source import Reader
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Ids, Tokenizer, to_json

_KEY_VERSION = 1  # not FORMAT: with another one no checkpoint would find its corpus
_TOKENIZING = ("vocab_size", "min_count")
_READING = ("errors", "newlines", "field", "document_per")  # beside the encoding


def prepare(
    sources: Sequence[str | Path],
    settings: TextSettings,
    name: str | None,
    emit: Emit,
    update_split: bool = True,
    vocabulary: Tokenizer | None = None,
    jobs: int = 1,
) -> Corpus:
    """Prepare texts, joined in this order, as one corpus; or find it, if it is prepared.

    Memory does not grow with the text. A killed `prepare` leaves no corpus behind. With
    `update_split` a corpus that is found gets the split of these settings, else it keeps its own.
    With a `vocabulary` that tokenizer is used, and none is learned. `jobs` processes encode.
    """
    if jobs < 1:
        raise UsageError(f"{jobs} processes cannot encode a text", "Take 1 or more.")
    if vocabulary:
        settings = _with_vocabulary(settings, vocabulary)
    if settings.document_per not in (None, "line", "file"):
        separator(settings.document_per)  # UsageError before anything is read
    with tempfile.TemporaryDirectory() as copies:
        joined = JoinedSources.of(sources, settings.include, name, emit, Path(copies))
        key = content_key(joined.digests, settings, vocabulary)
        corpus, reused = found_or_written(
            joined, key, lambda new: _write_corpus(new, joined, settings, key, vocabulary, jobs)
        )
    if update_split:
        corpus = change_split(corpus, settings.split)
    emit(prepared_event(corpus, reused))
    return corpus


def found_or_written(
    joined: JoinedSources, key: str, write: Callable[[Path], None]
) -> tuple[Corpus, bool]:
    """The corpus with that key, and whether it was there; else `write` fills its folder."""
    folder = corpora() / f"{joined.name}-{key[:8]}"
    reused = _has_key(folder, key)
    if not reused:
        with atomic_folder(folder, lambda path: _has_key(path, key)) as new:
            write(new)
    joined.emit(Progress(joined.task, 1, 1))
    return open_corpus(folder), reused


def prepared_event(corpus: Corpus, reused: bool) -> Prepared:
    """What is said of a corpus that is ready."""
    folder = corpora() / corpus.folder.name
    size = corpus.tokenizer.size
    return Prepared(corpus.name, str(folder), len(corpus.tokens), size, reused)


def resolve_corpus(
    what: str,
    text: TextSettings,
    emit: Emit,
    vocabulary: Tokenizer | None = None,
) -> Corpus:
    """The corpus that `charrnn train WHAT` names, prepared first if necessary.

    Its split is the given one, else the one it was prepared with. With a `vocabulary` it is in the
    tokens of that. UsageError if it is prepared with other settings than those given or in other
    tokens, or if one of those settings would have no effect.
    """
    corpus = find_named(what, text, emit)
    if isinstance(corpus, ExampleCorpus):
        raise UsageError(
            f"{what} is a corpus of examples, not a text",
            f"Add --task {corpus.task}, or name a text.",
        )
    if isinstance(corpus, Corpus):
        if vocabulary and _described(vocabulary) != _described(corpus.tokenizer):
            raise UsageError(
                f"{what} is prepared with another vocabulary", "Name the text that it was made of."
            )
    else:
        settings = replace(text, split=TextSettings.split)
        corpus = prepare([corpus], settings, None, emit, False, vocabulary)
    return corpus.with_split(text.split) if "split" in text.given else corpus


def find_named(what: str, text: TextSettings, emit: Emit) -> Corpus | str | Path:
    """The prepared corpus that `charrnn train WHAT` names, or the text that is to be prepared.

    UsageError if a given setting is not what the corpus was prepared with, or has no effect.
    """
    path = what if what == "-" else locate(what, emit)
    if isinstance(path, Path) and (path / "corpus.json").is_file():
        corpus = open_corpus(path)
        check_same(what, corpus, text)
        return corpus
    check_effective(text, folder=os.path.isdir(path))
    return path


def corpus_key(
    source: str | Path, settings: TextSettings, vocabulary: Tokenizer | None = None
) -> str:
    """The key of a corpus made from this one source, which is not a stream."""
    with tempfile.TemporaryDirectory() as copies:
        joined = JoinedSources.of([source], settings.include, None, lambda _: None, Path(copies))
    return content_key(joined.digests, settings, vocabulary)


def is_from_catalog(corpus: Corpus) -> bool:
    """Whether a corpus is made of the catalog's text of its name."""
    path = corpora() / "catalog" / f"{corpus.name}.txt"
    return path.is_file() and corpus_key(path, corpus.text) == corpus.key


def content_key(
    digests: list[str], settings: TextSettings, vocabulary: Tokenizer | None = None
) -> str:
    """The digest of everything that the tokens depend on. The split is not part of that.

    Settings with their defaults are not in it: they did not exist when the first keys were made.
    """
    useless = without_effect({"tokenizer": settings.tokenizer})
    names = [name for name in _TOKENIZING if name not in useless]
    chosen = {name: getattr(settings, name) for name in (*names, *_READING)}
    changed = {
        name: value for name, value in chosen.items() if value != getattr(TextSettings, name)
    }
    if vocabulary:
        described = _described(vocabulary).encode()
        changed = {"vocabulary": hashlib.sha256(described).hexdigest()} | changed
    encoding = codecs.lookup(settings.encoding).name
    made_from = [_KEY_VERSION, settings.tokenizer, encoding, *digests, *([changed] * bool(changed))]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def _described(tokenizer: Tokenizer) -> str:
    """What the ids of a text depend on."""
    described = to_json(tokenizer)
    described.pop("utf8", None)  # of the text that it was made for
    return json.dumps(described, sort_keys=True)


def _has_key(folder: Path, key: str) -> bool:
    """Whether an undamaged corpus with that key is in the folder."""
    try:
        return open_corpus(folder).key == key
    except TextError:
        return False


def _with_vocabulary(settings: TextSettings, vocabulary: Tokenizer) -> TextSettings:
    """The settings of a text that is encoded with a vocabulary. UsageError if it cannot be."""
    if settings.document_per is not None and vocabulary.end is None:
        raise UsageError(
            "the vocabulary has no token for the end of a document: its run had none",
            "Leave --document-per out, or name a run that was trained with it.",
        )
    return replace(settings, tokenizer=vocabulary.kind)


def _write_corpus(
    folder: Path,
    joined: JoinedSources,
    settings: TextSettings,
    key: str,
    vocabulary: Tokenizer | None,
    jobs: int,
) -> None:
    """Fill a corpus's folder. TextError if a source cannot be used, or changes meanwhile."""
    kind = TOKENIZERS[settings.tokenizer]
    reader = Reader(settings, kind.raw, joined.emit)
    tokenizer = vocabulary or kind.learn(joined.pieces(reader), settings)
    learns = "vocab_size" not in without_effect({"tokenizer": settings.tokenizer})
    wanted = settings.vocab_size if learns else 0
    if not vocabulary and (size := tokenizer.size) < wanted:
        joined.emit(
            Noticed(
                f"The text gives {size} subwords, fewer than --vocab-size {wanted}: "
                f"the vocabulary has {size}."
            )
        )
    with closing(encode_pieces(tokenizer, joined.pieces(reader), jobs)) as encoded:
        count, ends, dtype = _write_tokens(folder, tokenizer, encoded)
    if isinstance(tokenizer, Bytes):
        tokenizer = Bytes(tokenizer.end is not None, reader.utf8)
    if count < 2:
        raise TextError(f"{joined.listed(' and ')} is one token long", "Use a longer text.")
    if settings.document_per not in (None, "line", "file") and ends <= joined.files:
        raise TextError(
            f"--document-per {settings.document_per!r} does not stand in {joined.listed(' or ')}",
            "Write it as it stands there, or line, or file.",
        )
    joined.check_unchanged()
    about = {"format": FORMAT, "key": key, "tokens": count, "dtype": dtype}
    made = {"tokenizer": to_json(tokenizer), "text": asdict(settings)}
    write_json(folder, {**about, **made, "sources": joined.describe()})


def _write_tokens(
    folder: Path, tokenizer: Tokenizer, encoded: Iterable[Ids]
) -> tuple[int, int, str]:
    """Write tokens.bin; (number of tokens, number of END among them, their type)."""
    count, ends, dtype = 0, 0, np.dtype(np.uint8)
    with atomic_write(folder / "tokens.bin") as file:
        for ids in encoded:
            count, dtype = count + len(ids), ids.dtype
            if tokenizer.end is not None:
                ends += int(np.count_nonzero(ids == tokenizer.end))
            file.write(ids.data)
    return count, ends, dtype.name
