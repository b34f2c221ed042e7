"""Preparing a corpus: its sources give a key; the corpus of that key is found, or written.

A key is the digest of all that the files of a corpus depend on: equal input gives an equal key. A
text is read three times, for digest, vocabulary and tokens.
"""

import codecs
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed, Prepared, Progress
from charrnn.files import atomic_folder, atomic_write, corpora, is_url
from charrnn.settings import NUMBER_SETTINGS, TextSettings, values_of, without_effect
from charrnn.text.catalog import CATALOG, catalog_file
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import FORMAT, change_split, open_corpus, write_json
from charrnn.text.decoding import separator
from charrnn.text.downloads import fetched
from charrnn.text.encoding import encode_pieces
from charrnn.text.input_shapes import counted
from charrnn.text.source import JoinedSources, Reader
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Ids, Tokenizer, to_json
from charrnn.text.tokenizers.subwords import Subwords

_VERSION = 1  # not that of the format: with another one no checkpoint would find its corpus
_TOKENIZING = ("vocab_size", "min_count", *NUMBER_SETTINGS)
_LEAST = 20  # tokens for validation
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
    sources = [fetched(str(each), emit) if is_url(each) else each for each in sources]
    if name is not None and not name.strip():
        raise UsageError("the name of the corpus is empty", "Give one, or leave it out.")
    if jobs < 1:
        raise UsageError(f"{jobs} processes cannot encode a text", "Take 1 or more.")
    if vocabulary:
        settings = _with_vocabulary(settings, vocabulary)
    separator(settings.document_per)  # UsageError before anything is read
    with tempfile.TemporaryDirectory() as copies:
        reader = Reader(settings, TOKENIZERS[settings.tokenizer].raw, emit)
        joined = JoinedSources(sources, reader, name, Path(copies))
        key = content_key(joined.digests, settings, vocabulary)
        corpus = find_or_write(joined, key, lambda new: _write_text(new, joined, vocabulary, jobs))
    return change_split(corpus, settings.split) if update_split else corpus


def find_or_write(
    joined: JoinedSources, key: str, write: Callable[[Path], dict[str, Any]]
) -> Corpus:
    """Find the corpus with that key, or make it.

    `write` writes the files of a new one, and returns what corpus.json says of them.
    """
    folder = corpora() / f"{joined.name}-{key[:8]}"
    reused = _has_key(folder, key)
    if not reused:
        with atomic_folder(folder, lambda path: _has_key(path, key)) as new:
            about = {"format": FORMAT, "key": key, **write(new)}
            joined.check_unchanged()
            about |= {"text": joined.reader.settings.record(), "sources": joined.describe()}
            write_json(new, about)
    corpus = open_corpus(folder)
    joined.emit(Progress(joined.task, 1, 1))
    tokens, noun = counted(len(corpus.tokens), corpus.input_shape)
    size = corpus.tokenizer.size
    joined.emit(Prepared(corpus.name, str(folder), tokens, size, reused, noun))
    return corpus


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


def _write_text(
    folder: Path, joined: JoinedSources, vocabulary: Tokenizer | None, jobs: int
) -> dict[str, Any]:
    """Write tokens.bin, and return what corpus.json says of it. TextError for a useless source."""
    settings = joined.reader.settings
    tokenizer = vocabulary or TOKENIZERS[settings.tokenizer].learn(joined.pieces(), settings)
    size, wanted = tokenizer.size, settings.vocab_size
    if isinstance(tokenizer, Subwords) and not vocabulary and size < wanted:
        message = f"The text gives {size} subwords, fewer than --vocab-size {wanted}"
        joined.emit(Noticed(f"{message}: the vocabulary has {size}."))
    with closing(encode_pieces(tokenizer, joined.pieces(), jobs)) as encoded:
        count, ends, dtype = _write_tokens(folder, tokenizer, encoded)
    if isinstance(tokenizer, Bytes):
        tokenizer = Bytes(tokenizer.end is not None, joined.reader.utf8)
    if count < 2:
        raise TextError(f"{joined.listed(' and ')} is one token long", "Use a longer text.")
    joined.reader.settings = whole_if_small(settings, count, _LEAST, "tokens", joined.emit)
    files = sum(len(source.files) for source in joined.sources)
    if settings.document_per not in (None, "line", "file") and ends <= files:
        raise TextError(
            f"--document-per {settings.document_per!r} does not stand in {joined.listed(' or ')}",
            "Write it as it stands there, or line, or file.",
        )
    return {"tokens": count, "dtype": dtype, "tokenizer": to_json(tokenizer)}


def whole_if_small(
    settings: TextSettings, count: int, least: int, counted: str, emit: Emit
) -> TextSettings:
    """The settings; with all for training where the split is a default and leaves too little.

    `count` of what is `counted` are divided; validation and test need `least` of it.
    """
    is_asked = "split" in settings.given or settings.split != TextSettings.split
    if is_asked or count < 2 or count * min(settings.fractions[1:]) >= least:
        return settings
    few = f"{count:,} {counted} are too few to keep some for validation and test"
    emit(Noticed(f"{few}: all are for training. --split {settings.split} divides them."))
    return settings.with_chosen(split="100/0/0")


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


def corpus_key(source: str | Path, settings: TextSettings) -> str:
    """The key of a corpus made from this one source, which is not a stream."""
    with tempfile.TemporaryDirectory() as copies:
        reader = Reader(settings, raw=False, emit=lambda _: None, prepares=False)
        joined = JoinedSources([source], reader, None, Path(copies))
    return content_key(joined.digests, settings)


def true_entropy(corpus: Corpus) -> float | None:
    """The bits per character of a synthetic source; None for a corpus of another text."""
    entry, path = CATALOG.get(corpus.name), catalog_file(corpus.name)
    is_source = entry and path.is_file() and corpus_key(path, corpus.text) == corpus.key
    return entry.entropy if entry and is_source else None


def content_key(
    digests: list[str], settings: TextSettings, vocabulary: Tokenizer | None = None
) -> str:
    """The digest of everything that the tokens depend on. The split is not part of that.

    Settings with their defaults are not in it: they did not exist when the first keys were made.
    """
    chosen = changed(settings, (*_TOKENIZING, *_READING))
    if TOKENIZERS[settings.tokenizer].of_training:
        chosen["split"] = settings.split
    if vocabulary:
        described = described_tokenizer(vocabulary).encode()
        chosen = {"vocabulary": hashlib.sha256(described).hexdigest()} | chosen
    encoding = codecs.lookup(settings.encoding).name
    made_from = [_VERSION, settings.tokenizer, encoding, *digests, *([chosen] * bool(chosen))]
    return digest_of(made_from)


def digest_of(made_from: list[Any]) -> str:
    """The sha256 of values, as JSON."""
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def changed(settings: TextSettings, names: Iterable[str], **beside: str) -> dict[str, Any]:
    """Settings of these names that have an effect beside others and differ from their defaults."""
    useless = without_effect(values_of(settings) | beside)
    chosen = {name: getattr(settings, name) for name in names if name not in useless}
    return {name: value for name, value in chosen.items() if value != getattr(TextSettings, name)}


def described_tokenizer(tokenizer: Tokenizer) -> str:
    """What the ids of a text depend on."""
    described = to_json(tokenizer)
    described.pop("utf8", None)  # of the text that it was made for
    return json.dumps(described, sort_keys=True)
