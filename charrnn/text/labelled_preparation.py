"""Preparing a corpus of examples, `label<TAB>text` lines: read for digest, order, vocabulary, ids.

Memory grows with the number of examples, some 30 bytes each, not with their texts.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed
from charrnn.files import atomic_write
from charrnn.settings import TextSettings, flag
from charrnn.text.corpus import FORMAT, Corpus, write_json
from charrnn.text.example_lines import Example, ExampleTable, examples, read_table
from charrnn.text.joined_sources import JoinedSources
from charrnn.text.labelled import (
    PLACE,
    TARGET,
    TASK,
    LabelledCorpus,
    check_enough,
    split_bounds,
)
from charrnn.text.preparation import content_key, find_named, found_or_written, prepared_event
from charrnn.text.source import Reader
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Characters, Ids, Tokenizer, to_json
from charrnn.text.tokenizers.base import smallest_type
from charrnn.text.unknown import known_text

_TIMES = 4  # that the sources are read
_ENCODED = 256  # texts that are encoded at a time
_TOGETHER = 1 << 18  # tokens that are put in order at a time


def resolve_labelled(
    what: str,
    settings: TextSettings,
    given: Mapping[str, Any],
    emit: Emit,
    valid: str | Path | None = None,
    test: str | Path | None = None,
) -> LabelledCorpus:
    """The corpus that `charrnn train WHAT --task label` names, prepared first if necessary.

    WHAT is a file of examples, `-`, or a prepared corpus of them. UsageError for a corpus of
    another task, and for a setting that has no effect or that it was not prepared with.
    """
    found = find_named(what, settings, given, emit)
    if "split" in given and (valid or test):
        raise UsageError(
            "--split has no effect with --valid or --test", "Leave it out: the files are the parts."
        )
    if not isinstance(found, Corpus):
        return prepare_labelled(found, settings, None, emit, valid, test)
    if not isinstance(found, LabelledCorpus):
        raise UsageError(
            f"{what} is a corpus of text, without labels",
            "Name a file of label<TAB>text lines, or leave --task label out.",
        )
    for name, part in {"valid": valid, "test": test}.items():
        if part:
            raise UsageError(
                f"--{name} has no effect: {what} is prepared, and has its parts",
                "Name the file that it was made of.",
            )
    return found.with_split(settings.split) if "split" in given else found


def prepare_labelled(
    source: str | Path,
    settings: TextSettings,
    name: str | None,
    emit: Emit,
    valid: str | Path | None = None,
    test: str | Path | None = None,
) -> LabelledCorpus:
    """Prepare examples as a corpus, or find it, if it is prepared.

    With `valid` or `test` the source is for training alone, and a part without a file is empty;
    else `settings.split` divides it. The vocabulary is that of the training texts. Characters that
    it lacks are left out of other texts; one of which nothing is left is token 0, as in `predict`.
    A killed preparation leaves no corpus behind. TextError names a line that is not an example.
    """
    _check_settings(settings)
    parts = {"train": source, "valid": valid, "test": test}
    files = {part: file for part, file in parts.items() if file is not None}
    with tempfile.TemporaryDirectory() as copies:
        joined = JoinedSources.of(
            [*files.values()], settings.include, name, emit, Path(copies), _TIMES
        )
        divided = [settings.split] if len(files) == 1 else [*files]
        made_from = [TASK, content_key(joined.digests, settings), divided]
        key = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
        making = _Making(joined, [*files], settings, key)
        corpus, reused = found_or_written(joined, key, making.write)
    assert isinstance(corpus, LabelledCorpus)  # as its key says
    emit(prepared_event(corpus, reused))
    return corpus


def _check_settings(settings: TextSettings) -> None:
    """Raise UsageError for settings that lines of examples have no use for."""
    for name in ("field", "document_per"):
        if getattr(settings, name) is not None:
            raise UsageError(f"{flag(name)} has no effect with --task label", "Leave it out.")


@dataclass
class _Making:
    """A corpus in the making: `parts` names the part that each source is."""

    joined: JoinedSources
    parts: list[str]
    settings: TextSettings
    key: str

    def write(self, folder: Path) -> None:
        """Fill the corpus's folder. TextError if a source cannot be used, or changes meanwhile."""
        reader = Reader(self.settings, TOKENIZERS[self.settings.tokenizer].raw, lambda _: None)
        table = read_table(self.joined, self.parts, reader)
        order, bounds = self._order(table)
        trained = np.zeros(len(order), bool)
        trained[order[: bounds[0]]] = True
        self._notice(table, order, bounds[0])
        tokenizer = self._learn(reader, trained)
        with tempfile.TemporaryFile(dir=folder) as file:
            starts = _write_ids(file, tokenizer, examples(self.joined, reader), len(order))
            self.joined.check_unchanged()
            file.flush()
            dtype = np.dtype(smallest_type(tokenizer.size))
            unordered = np.memmap(file, dtype, "r", shape=(int(starts[-1]),))
            _write_ordered(folder, unordered, starts, order)
        with atomic_write(folder / "targets.bin") as out:
            out.write(table.targets[order].astype(TARGET).tobytes())
        if isinstance(tokenizer, Bytes):
            tokenizer = Bytes(False, reader.utf8)
        counts = {"tokens": int(starts[-1]), "dtype": dtype.name, "examples": len(order)}
        about = {"format": FORMAT, "key": self.key, "task": TASK, "labels": table.labels, **counts}
        if len(self.parts) > 1:
            about["bounds"] = bounds
        made = {"tokenizer": to_json(tokenizer), "text": asdict(self.settings)}
        write_json(folder, {**about, **made, "sources": self.joined.describe()})

    def _order(self, table: ExampleTable) -> tuple[NDArray[np.int64], tuple[int, int]]:
        """The examples (N,) as they are stored, and the bounds of the parts among them."""
        first, second = table.digests.T
        order = np.lexsort((second, first, table.sources))
        digests = table.digests[order]
        counts = dict(zip(self.parts, np.bincount(table.sources).tolist(), strict=True))
        if len(self.parts) > 1:
            bounds = counts["train"], counts["train"] + counts.get("valid", 0)
        else:
            bounds = split_bounds(
                self.settings.split,
                len(order),
                lambda number: bool((digests[number] == digests[number - 1]).all()),
            )
        check_enough(bounds[0], self.joined.sources[0].name)
        return order, bounds

    def _notice(self, table: ExampleTable, order: NDArray[np.int64], trained: int) -> None:
        """Say what makes a score misleading: labels never seen, and texts seen before."""
        learned = np.bincount(table.targets[order[:trained]], minlength=len(table.labels))
        if missing := [table.labels[number] for number in np.flatnonzero(learned == 0)]:
            listed = ", ".join(missing[:5]) + ", ..." * (len(missing) > 5)
            self.joined.emit(Noticed(f"No training example has the label {listed}."))
        texts = table.digests.view("S16")[order, 0]
        if both := int(np.isin(texts[trained:], texts[:trained]).sum()):
            self.joined.emit(
                Noticed(f"Training has the text of {both:,} of the examples of --valid and --test.")
            )

    def _learn(self, reader: Reader, trained: NDArray[np.bool_]) -> Tokenizer:
        """The tokenizer of the training texts."""
        between = "" if self.settings.tokenizer == "char" else "\n"  # which subwords do not cross
        found = zip(trained, examples(self.joined, reader), strict=False)
        texts = (example.text + between for is_trained, example in found if is_trained)
        return TOKENIZERS[self.settings.tokenizer].learn(texts, self.settings)


def _write_ids(
    file: Any, tokenizer: Tokenizer, found: Iterator[Example], count: int
) -> NDArray[np.int64]:
    """Write the ids of texts, one after the other, to an open file; where each begins (N + 1,)."""
    lengths = np.zeros(count + 1, np.int64)
    dtype = smallest_type(tokenizer.size)
    texts = (example.text for example in islice(found, count))
    written = 0
    while some := [*islice(texts, _ENCODED)]:
        ids, sizes = _encoded(tokenizer, some)
        file.write(ids.astype(dtype, copy=False).tobytes())
        lengths[written + 1 : written + 1 + len(some)] = sizes
        written += len(some)
    return lengths.cumsum()


def _encoded(tokenizer: Tokenizer, texts: list[str]) -> tuple[Ids, list[int]]:
    """The ids (M,) of texts, one after the other, and how many each has: 1 or more."""
    if tokenizer.unknown("".join(texts)):
        texts = [known_text(text, tokenizer, "skip")[0] for text in texts]
    if isinstance(tokenizer, Characters) and not tokenizer.rare_as_bytes and all(texts):
        return tokenizer.encode("".join(texts)), [*map(len, texts)]  # 10 times as fast
    nothing = np.zeros(1, smallest_type(tokenizer.size))
    found = [tokenizer.encode(text) if text else nothing for text in texts]
    return np.concatenate(found), [*map(len, found)]


def _write_ordered(
    folder: Path, unordered: Ids, starts: NDArray[np.int64], order: NDArray[np.int64]
) -> None:
    """Write tokens.bin and examples.bin: the texts in their order."""
    lengths = np.diff(starts)[order]
    places = np.concatenate([[0], lengths.cumsum()])
    with atomic_write(folder / "tokens.bin") as out:
        cuts = np.searchsorted(places, np.arange(0, places[-1], _TOGETHER))
        for first, last in pairwise(np.unique([*cuts, len(order)]).tolist()):
            moved = starts[order[first:last]] - places[first:last]
            wanted = np.repeat(moved, lengths[first:last]) + np.arange(places[first], places[last])
            out.write(unordered[wanted].tobytes())
    with atomic_write(folder / "examples.bin") as out:
        out.write(places.astype(PLACE).tobytes())
