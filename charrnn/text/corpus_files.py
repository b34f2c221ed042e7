"""The folders of prepared corpora: how their files lie; open, find and list them.

    corpora/shakespeare-1f0b52c7/
        tokens.bin      the ids in order, in the smallest unsigned type that holds them
        corpus.json     format, key, tokenizer, settings, sources with their sha256

A corpus of N examples, of which targets are predicted, has more:

        tokens.bin      the ids of all texts, one text after the other; or the bytes of pictures
        examples.bin    N + 1 indices (int64) of it: where each text begins, and the end of the last
        targets.bin     M indices (int32) of the target vocabulary: labels, tags or symbols
        target_starts.bin  N + 1 indices (int64) of it, unless each example has one target
        files.json      where the inputs were files: their names, without folders
        corpus.json     task, labels (the target vocabulary), and bounds where parts were files

The folder's name ends with the first 8 digits of the key, a digest of the sources' content: a
changed source is prepared again, an unchanged one is found whatever its name and date are.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.files import atomic_write, corpus_folders, open_regular, short_names
from charrnn.settings import TextSettings, read, reason_of
from charrnn.text.corpus import Corpus
from charrnn.text.example_corpus import LEAST, ExampleCorpus
from charrnn.text.input_shapes import checked_scale, checked_shape, counted, is_stored
from charrnn.text.tokenizers import from_json

FORMAT = 3
START, TARGET = "<i8", "<i4"
_DTYPES = ("uint8", "uint16", "uint32")
_LARGEST_JSON = 1 << 26  # bytes: no vocabulary needs as many


def open_corpus(folder: Path) -> Corpus:
    """The corpus in a folder: of examples, where it was prepared so.

    TextError if the folder is not a corpus, or is damaged.
    """
    folder = folder.resolve()
    try:
        data = _read_json(folder)
        tokenizer = from_json(data["tokenizer"])
        _check(data["dtype"] in _DTYPES, "its type of token is unknown")
        tokens = _mapped(folder, "tokens.bin", data["dtype"], data["tokens"])
        text = read(TextSettings, {**data["text"], "tokenizer": tokenizer.kind})
        sources = tuple(str(source["name"]) for source in data["sources"])
        digests = tuple(str(source["sha256"]) for source in data["sources"])
        corpus = Corpus(folder, str(data["key"]), tokenizer, text, sources, tokens, digests)
        if "task" not in data:
            return corpus
        return ExampleCorpus(**{**vars(corpus), **_examples(folder, data, len(tokens))})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise TextError(
            f"{folder} is not a prepared corpus: {reason_of(error)}",
            "Delete it and prepare the text again.",
        ) from None


def _examples(folder: Path, data: dict[str, Any], tokens: int) -> dict[str, Any]:
    """The fields of an ExampleCorpus. OSError, ValueError, KeyError or TypeError if damaged."""
    task, vocabulary, count = data["task"], data["labels"], data["examples"]
    total, shape = data.get("targets", count), checked_shape(data.get("input_shape", ()))
    scale = checked_scale(data.get("input_scale", ()), shape)
    _check(type(task) is str and task != "text", "its task is not one of examples")
    _check(isinstance(vocabulary, list) and vocabulary, "it has no labels")
    _check(all(type(label) is str and label for label in vocabulary), "its labels are not texts")
    _check(vocabulary == sorted(set(vocabulary)), "its labels are not in order")
    _check(type(count) is type(total) is int and count >= LEAST, "it has too few examples")
    starts = _starts(folder, "examples.bin", count, tokens)
    targets = _mapped(folder, "targets.bin", TARGET, total)
    target_starts: NDArray[np.int64] = np.arange(count + 1)
    if "targets" in data:
        target_starts = _starts(folder, "target_starts.bin", count, total)
    is_known = int(targets.min()) >= 0 and int(targets.max()) < len(vocabulary)
    _check(is_known, "targets.bin has a label that corpus.json lacks")
    if shape:
        _check(is_stored(shape, np.diff(starts)), "its inputs do not have its input_shape")
    bounds = data.get("bounds")
    if bounds is not None:
        valid, test = bounds
        is_inside = type(valid) is type(test) is int and LEAST <= valid <= test <= count
        _check(is_inside, "its bounds are not within it")
        bounds = valid, test
    return {
        "task": task, "target_vocabulary": tuple(vocabulary), "input_shape": shape,
        "input_scale": scale, "starts": starts, "targets": targets,
        "target_starts": target_starts, "bounds": bounds,
    }  # fmt: skip


def _check(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise ValueError(otherwise)


def _starts(folder: Path, name: str, count: int, end: int) -> NDArray[np.int64]:
    """Where each example begins, and where the last ends, which must be `end` (count + 1,)."""
    starts: NDArray[np.int64] = _mapped(folder, name, START, count + 1)
    is_whole = starts[0] == 0 and starts[-1] == end and (starts[1:] > starts[:-1]).all()
    _check(is_whole, f"{name} does not match the file that it divides")
    return starts


def _mapped(folder: Path, name: str, dtype: str, length: int) -> NDArray[Any]:
    """The array (length,) in a corpus's file, mapped. OSError or ValueError if it is not there."""
    with open_regular(folder / name) as file:
        array = np.memmap(file, dtype, "r")
    _check(len(array) == length, f"{name} is not as long as corpus.json says")
    return array


def find_corpus(key: str) -> Corpus | None:
    """The prepared corpus with that key, whatever its name is."""
    for folder in corpus_folders():
        if folder.name.endswith(key[:8]):
            with suppress(TextError):  # damaged; another folder may have the same key
                if (corpus := open_corpus(folder)).key == key:
                    return corpus
    return None


@dataclass(frozen=True)
class CorpusSummary:
    """One line of `charrnn corpora`. The name is what `charrnn train` takes.

    `tokens` counts frames or pictures where those are read: they have no vocabulary, and their
    `tokenizer` is what is read.
    """

    name: str
    path: str
    tokens: int
    vocabulary_size: int | None
    tokenizer: str
    sources: tuple[str, ...]


def list_corpora(say: Callable[[str], None] = lambda _: None) -> list[CorpusSummary]:
    """All prepared corpora by name, but those that are damaged; `say` is told which these are."""
    folders, summaries = corpus_folders(), []
    for folder, name in zip(folders, short_names(folders), strict=True):
        try:
            corpus = open_corpus(folder)
        except TextError as error:
            say(f"{error.message}. {error.hint}")
            continue
        tokens, noun = counted(len(corpus.tokens), corpus.input_shape)
        size, kind = (
            (None, "sound" if corpus.text.input == "sound" else f"{noun}s")
            if corpus.input_shape
            else (corpus.tokenizer.size, corpus.tokenizer.kind)
        )
        summaries.append(CorpusSummary(name, str(folder), tokens, size, kind, corpus.sources))
    return summaries


def change_split(corpus: Corpus, split: str) -> Corpus:
    """The corpus with another split, which is written into its folder."""
    if corpus.text.split == split:
        return corpus
    changed = corpus.with_split(split)
    write_json(corpus.folder, {**_read_json(corpus.folder), "text": changed.text.record()})
    return changed


def write_json(folder: Path, data: dict[str, Any]) -> None:
    """Write corpus.json."""
    with atomic_write(folder / "corpus.json") as file:
        file.write(json.dumps(data, indent=1).encode())


def _read_json(folder: Path) -> dict[str, Any]:
    """What corpus.json says, in the present format. OSError, ValueError, KeyError, TypeError."""
    with open_regular(folder / "corpus.json", _LARGEST_JSON) as file:
        data: dict[str, Any] = json.load(file)
    if data["format"] in (1, 2):  # which knew two settings; 1 kept them where 3 does
        old = data.get("text", data)
        data |= {"text": {name: old[name] for name in ("encoding", "split")}, "format": FORMAT}
        data["sources"] = [
            {"name": source["name"], "files": 1, **source} for source in data["sources"]
        ]
    if data["format"] != FORMAT:
        raise ValueError(f"this version of charrnn cannot read its format {data['format']!r:.20}")
    return data
