"""Prepared corpora: a text as token ids, in a file that is mapped into memory.

    corpora/shakespeare-1f0b52c7/
        tokens.bin      the ids in order, in the smallest unsigned type that holds them
        corpus.json     format, key, tokenizer, settings, sources with their sha256

The folder's name ends with the first 8 digits of the key. The key is a digest of the sources'
content, so a changed source is prepared again, and an unchanged one is found whatever its name and
date are.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.files import atomic_write, corpus_folders, short_names
from charrnn.settings import PartName, TextSettings, read
from charrnn.text.tokenizers import Ids, Tokenizer, from_json
from charrnn.values import split_fractions

FORMAT = 3
PARTS: tuple[PartName, ...] = ("train", "valid", "test")
_SEARCHED = 1 << 20  # tokens at a time: a document may be longer than memory
_DTYPES = ("uint8", "uint16", "uint32")

Tokens = Ids


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus. `key` is the digest of its content; `tokens` (N,) is mapped from disk."""

    folder: Path
    key: str
    tokenizer: Tokenizer
    text: TextSettings
    sources: tuple[str, ...]
    tokens: Tokens
    task: str = "text"
    target_vocabulary: tuple[str, ...] = ()
    input_shape: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The folder's name without the digest."""
        return self.folder.name.rsplit("-", 1)[0]

    def with_split(self, split: str) -> "Corpus":
        """The same with another split."""
        return replace(self, text=replace(self.text, split=split))

    def part(self, name: PartName) -> Tokens:
        """The tokens of `train`, `valid` or `test`: contiguous, in this order, possibly empty.

        No document is cut: a bound within one is moved to its end.
        """
        bounds = np.cumsum([0, *split_fractions(self.text.split)]) * len(self.tokens)
        first, last = np.round(bounds).astype(int)[PARTS.index(name) :][:2]
        return self.tokens[self._after_document(first) : self._after_document(last)]

    def _after_document(self, bound: int) -> int:
        """The bound, or the place after the next END where it would cut a document."""
        if self.tokenizer.end is None or bound == 0:
            return bound
        for start in range(bound - 1, len(self.tokens), _SEARCHED):
            ends = np.flatnonzero(self.tokens[start : start + _SEARCHED] == self.tokenizer.end)
            if ends.size:
                return start + int(ends[0]) + 1
        return bound


@dataclass(frozen=True)
class CorpusSummary:
    """One line of `charrnn corpora`. The name is what `charrnn train` takes."""

    name: str
    path: str
    tokens: int
    vocabulary_size: int
    tokenizer: str
    sources: tuple[str, ...]


def open_corpus(folder: Path) -> Corpus:
    """The corpus in a folder: of examples, where it was prepared so.

    TextError if the folder is not a corpus, or is damaged.
    """
    folder = folder.resolve()
    try:
        data = _read_json(folder)
        tokenizer = from_json(data["tokenizer"])
        text = read(TextSettings, {**data["text"], "tokenizer": tokenizer.kind})
        if data["dtype"] not in _DTYPES:
            raise ValueError("its type of token is unknown")
        tokens = mapped(folder, "tokens.bin", data["dtype"], data["tokens"])
        sources = tuple(str(source["name"]) for source in data["sources"])
        corpus = Corpus(folder, str(data["key"]), tokenizer, text, sources, tokens)
        return _of_task(corpus, data)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise TextError(
            f"{folder} is not a prepared corpus: {error}", "Delete it and prepare the text again."
        ) from None


def _of_task(corpus: Corpus, data: dict[str, Any]) -> Corpus:
    """The corpus as its task has it. OSError, ValueError, KeyError or TypeError if damaged."""
    if "task" not in data:  # a text
        return corpus
    from charrnn.text.example_corpus import TASKS, with_examples  # which builds on this module

    if data["task"] not in TASKS:
        raise ValueError(f"this version of charrnn has no task {data['task']!r:.20}")
    return with_examples(corpus, data)


def mapped(folder: Path, name: str, dtype: str, length: int) -> NDArray[Any]:
    """The array (length,) in a corpus's file, mapped. OSError or ValueError if it is not there."""
    if not (folder / name).is_file():  # a pipe would block
        raise FileNotFoundError(f"there is no {name} in it")
    found = np.memmap(folder / name, dtype, "r")
    if len(found) != length:
        raise ValueError(f"{name} is not as long as corpus.json says")
    return found


def checked_ids(ids: Tokens, vocabulary_size: int) -> Tokens:
    """The same ids (...). TextError if the vocabulary does not have one of them.

    Opening a corpus does not read its tokens, so they are checked where they are used.
    """
    if ids.size and int(ids.max()) >= vocabulary_size:
        raise TextError(
            f"the corpus is damaged: it has token {int(ids.max())}, "
            f"and its vocabulary ends at {vocabulary_size - 1}",
            "Delete its folder in corpora/ and prepare the text again.",
        )
    return ids


def find_corpus(key: str) -> Corpus | None:
    """The prepared corpus with that key, whatever its name is."""
    for folder in corpus_folders():
        if folder.name.endswith(key[:8]):
            with suppress(TextError):  # damaged; another folder may have the same key
                if (found := open_corpus(folder)).key == key:
                    return found
    return None


def list_corpora() -> list[CorpusSummary]:
    """All prepared corpora that are not damaged, by name."""
    folders, summaries = corpus_folders(), []
    for folder, name in zip(folders, short_names(folders), strict=True):
        with suppress(TextError):
            corpus = open_corpus(folder)
            size, kind = corpus.tokenizer.size, corpus.tokenizer.kind
            tokens = len(corpus.tokens)
            summaries.append(CorpusSummary(name, str(folder), tokens, size, kind, corpus.sources))
    return summaries


def change_split(corpus: Corpus, split: str) -> Corpus:
    """The corpus with another split, which is written into its folder."""
    if corpus.text.split == split:
        return corpus
    changed = corpus.with_split(split)
    write_json(corpus.folder, {**_read_json(corpus.folder), "text": asdict(changed.text)})
    return changed


def write_json(folder: Path, data: dict[str, Any]) -> None:
    """Write corpus.json."""
    with atomic_write(folder / "corpus.json") as file:
        file.write(json.dumps(data, indent=1).encode())


def _read_json(folder: Path) -> dict[str, Any]:
    """What corpus.json says, in the present format. OSError, ValueError, KeyError, TypeError."""
    path = folder / "corpus.json"
    if not path.is_file():  # a pipe would block
        raise FileNotFoundError("there is no corpus.json in it")
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if data["format"] in (1, 2):  # which knew two settings; 1 kept them where 3 does
        old = data.get("text", data)
        data |= {"text": {name: old[name] for name in ("encoding", "split")}, "format": FORMAT}
        data["sources"] = [
            {"name": source["name"], "files": 1, **source} for source in data["sources"]
        ]
    if data["format"] != FORMAT:
        raise ValueError(f"this version of charrnn cannot read its format {data['format']!r:.20}")
    return data
