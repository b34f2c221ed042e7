"""Preparing a corpus: its sources give a key; the corpus of that key is found, or written.

A text is read three times, for digest, vocabulary and tokens; examples four times, for their order.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed, Prepared, Progress
from charrnn.files import atomic_folder, atomic_write, corpora
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import FORMAT, change_split, open_corpus, write_json
from charrnn.text.decoding import separator
from charrnn.text.encoding import encode_pieces
from charrnn.text.example_files import write_examples
from charrnn.text.examples import ExampleFormat, ExampleSources, located
from charrnn.text.keys import changed, content_key, digest_of
from charrnn.text.source import JoinedSources, Reader
from charrnn.text.source_files import unreadable
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Ids, Tokenizer, to_json
from charrnn.text.tokenizers.subwords import Subwords

_TIMES = 4  # that examples are read
_OF_EXAMPLES = ("multi_label", "tag_unit", "target_unit", "picture_size")


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
    separator(settings.document_per)  # UsageError before anything is read
    with tempfile.TemporaryDirectory() as copies:
        reader = Reader(settings, TOKENIZERS[settings.tokenizer].raw, emit)
        joined = JoinedSources(sources, reader, name, Path(copies))
        key = content_key(joined.digests, settings, vocabulary)
        corpus = _found_or_written(
            joined, key, lambda new: _write_text(new, joined, vocabulary, jobs)
        )
    return change_split(corpus, settings.split) if update_split else corpus


def prepare_examples(
    fmt: ExampleFormat, source: str | Path, name: str | None, emit: Emit
) -> Corpus:
    """Prepare examples, as the format's settings say, or find them, if they are prepared.

    With `settings.valid` or `test` the source is for training alone, and a part without a file is
    empty; else `settings.split` divides it. The vocabulary is that of the training texts. A killed
    preparation leaves no corpus behind. TextError names a line that is not an example.
    """
    settings = fmt.settings
    chosen = changed(settings, _OF_EXAMPLES, task=fmt.task)
    files = {"train": source, "valid": settings.valid, "test": settings.test}
    parts = [part for part, file in files.items() if file is not None]
    sources = [file for file in files.values() if file is not None]
    with tempfile.TemporaryDirectory() as copies:
        raw = TOKENIZERS[settings.tokenizer].raw
        reader = Reader(settings, raw, emit, noticed=True)  # a line may end with CRLF
        joined = JoinedSources(sources, reader, name, Path(copies), _TIMES)
        examples = ExampleSources(joined, parts, fmt)
        made_from = [
            fmt.task,
            content_key(joined.digests, settings),
            [settings.split] if len(parts) == 1 else parts,
            *({setting: value} for setting, value in chosen.items()),
            *([] if fmt.items.has_text else [_digest_of_inputs(examples)]),
        ]
        return _found_or_written(
            joined, digest_of(made_from), lambda new: write_examples(new, examples)
        )


def _found_or_written(
    joined: JoinedSources, key: str, write: Callable[[Path], dict[str, Any]]
) -> Corpus:
    """The corpus with that key. `write` fills the folder of a new one.

    It returns what corpus.json says of the files.
    """
    folder = corpora() / f"{joined.name}-{key[:8]}"
    reused = _has_key(folder, key)
    if not reused:
        with atomic_folder(folder, lambda path: _has_key(path, key)) as new:
            about = {"format": FORMAT, "key": key, **write(new)}
            joined.check_unchanged()
            about |= {"text": asdict(joined.reader.settings), "sources": joined.describe()}
            write_json(new, about)
    corpus = open_corpus(folder)
    joined.emit(Progress(joined.task, 1, 1))
    size = corpus.tokenizer.size
    joined.emit(Prepared(corpus.name, str(folder), len(corpus.tokens), size, reused))
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


def _digest_of_inputs(examples: ExampleSources) -> str:
    """The digest of pictures, which the digests of the files that name them do not cover."""
    digest = hashlib.sha256()
    for example in examples.examples():
        with located(example.where):
            try:
                digest.update(Path(example.text).read_bytes())
            except OSError as error:
                raise unreadable(error, example.text) from None
    return digest.hexdigest()


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
    files = sum(len(source.files) for source in joined.sources)
    if settings.document_per not in (None, "line", "file") and ends <= files:
        raise TextError(
            f"--document-per {settings.document_per!r} does not stand in {joined.listed(' or ')}",
            "Write it as it stands there, or line, or file.",
        )
    return {"tokens": count, "dtype": dtype, "tokenizer": to_json(tokenizer)}


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
