"""Preparing a corpus of examples: their lines are read for digest, order, vocabulary and ids.

Memory grows with the number of examples and targets, some 30 bytes each, not with their texts.
"""

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.files import atomic_write
from charrnn.settings import TaskName, TextSettings, check_effective, without_effect
from charrnn.text.corpus import FORMAT, Corpus, write_json
from charrnn.text.example_corpus import (
    PLACE,
    TARGET,
    ExampleCorpus,
    check_enough,
    split_bounds,
)
from charrnn.text.example_files import places_of, write_ids, write_ordered
from charrnn.text.example_formats import ExampleFormat, example_format
from charrnn.text.example_lines import ExampleTable, examples, read_table
from charrnn.text.joined_sources import JoinedSources
from charrnn.text.preparation import content_key, find_named, found_or_written, prepared_event
from charrnn.text.source import Reader
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Tokenizer, to_json
from charrnn.text.tokenizers.base import smallest_type

_TIMES = 4  # that the sources are read
_OF_EXAMPLES = ("multi_label", "tag_unit", "target_unit", "picture_size")


def resolve_examples(
    task: TaskName, what: str, settings: TextSettings, emit: Emit
) -> ExampleCorpus:
    """The corpus that `charrnn train WHAT --task TASK` names, prepared first if necessary.

    WHAT is a file of examples, `-`, or a prepared corpus of them. UsageError for a corpus of
    another task, and for a setting that has no effect or that it was not prepared with.
    """
    check_effective(settings, task=task, tokenizer=None)
    found = find_named(what, settings, emit)
    if not isinstance(found, Corpus):
        return prepare_examples(task, found, settings, None, emit)
    if not isinstance(found, ExampleCorpus) or found.task != task:
        is_for = f"--task {found.task}" if isinstance(found, ExampleCorpus) else "text"
        raise UsageError(
            f"{what} is a corpus for {is_for}, not for --task {task}",
            f"Name a file of examples, or leave --task {task} out.",
        )
    return found.with_split(settings.split) if "split" in settings.given else found


def prepare_examples(
    task: TaskName, source: str | Path, settings: TextSettings, name: str | None, emit: Emit
) -> ExampleCorpus:
    """Prepare examples as a corpus, or find it, if it is prepared.

    With `settings.valid` or `test` the source is for training alone, and a part without a file is
    empty; else `settings.split` divides it. The vocabulary is that of the training texts. A killed
    preparation leaves no corpus behind. TextError names a line that is not an example.
    """
    fmt = example_format(task, settings)
    parts = {"train": source, "valid": settings.valid, "test": settings.test}
    files = {part: file for part, file in parts.items() if file is not None}
    with tempfile.TemporaryDirectory() as copies:
        joined = JoinedSources.of(
            [*files.values()], settings.include, name, emit, Path(copies), _TIMES
        )
        divided = [settings.split] if len(files) == 1 else [*files]
        made_from: list[Any] = [task, content_key(joined.digests, settings), divided]
        made_from += [{n: v} for n, v in _chosen(task, settings).items()]
        reader = Reader(settings, TOKENIZERS[settings.tokenizer].raw, lambda _: None)
        if not fmt.has_text:
            made_from.append(_digest_of_inputs(joined, reader, fmt))
        key = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
        making = _Making(joined, [*files], settings, key, task, fmt, reader)
        corpus, reused = found_or_written(joined, key, making.write)
    assert isinstance(corpus, ExampleCorpus)  # as its key says
    emit(prepared_event(corpus, reused))
    return corpus


def _chosen(task: TaskName, settings: TextSettings) -> dict[str, Any]:
    """Settings of examples that differ from their defaults."""
    names = [name for name in _OF_EXAMPLES if name not in without_effect({"task": task})]
    values = {name: getattr(settings, name) for name in names}
    return {name: v for name, v in values.items() if v != getattr(TextSettings, name)}


def _digest_of_inputs(joined: JoinedSources, reader: Reader, fmt: ExampleFormat) -> str:
    """The digest of pictures, which the digests of the files that name them do not cover."""
    digest = hashlib.sha256()
    for example in examples(joined, reader, fmt):
        try:
            digest.update(Path(example.text).read_bytes())
        except OSError as error:
            raise TextError(
                f"{example.where}: {example.text} cannot be read: {error.strerror}", fmt.hint
            ) from None
    return digest.hexdigest()


@dataclass
class _Making:
    """A corpus in the making: `parts` names the part that each source is."""

    joined: JoinedSources
    parts: list[str]
    settings: TextSettings
    key: str
    task: TaskName
    fmt: ExampleFormat
    reader: Reader

    def write(self, folder: Path) -> None:
        """Fill the corpus's folder. TextError if a source cannot be used, or changes meanwhile."""
        table = read_table(self.joined, self.parts, self.reader, self.fmt)
        order, bounds = self._order(table)
        trained = np.zeros(len(order), bool)
        trained[order[: bounds[0]]] = True
        self._notice(table, order, bounds[0])
        tokenizer = self._learn(trained) if self.fmt.has_text else Bytes(False, False)
        tokens = self._write_tokens(folder, tokenizer, order)
        counts = np.diff(table.target_starts)
        moved = places_of(order, table.target_starts)
        with atomic_write(folder / "targets.bin") as out:
            out.write(table.targets[moved].astype(TARGET).tobytes())
        if isinstance(tokenizer, Bytes):
            tokenizer = Bytes(False, self.reader.utf8)
        about = {"format": FORMAT, "key": self.key, "task": self.task, "labels": table.labels}
        about |= tokens | {"examples": len(order)}
        if (counts != 1).any():
            about["targets"] = len(table.targets)
            with atomic_write(folder / "target_starts.bin") as out:
                out.write(np.append(0, counts[order].cumsum()).astype(PLACE).tobytes())
        if len(self.parts) > 1:
            about["bounds"] = bounds
        if self.fmt.input_shape:
            about["input_shape"] = [*self.fmt.input_shape]
        made = {"tokenizer": to_json(tokenizer), "text": asdict(self.settings)}
        write_json(folder, {**about, **made, "sources": self.joined.describe()})

    def _write_tokens(
        self, folder: Path, tokenizer: Tokenizer, order: NDArray[np.int64]
    ) -> dict[str, Any]:
        """Write tokens.bin and examples.bin; how many tokens there are, and their type."""
        with tempfile.TemporaryFile(dir=folder) as file:
            found = examples(self.joined, self.reader, self.fmt)
            starts = write_ids(file, tokenizer, self.fmt, found, len(order))
            self.joined.check_unchanged()
            file.flush()
            dtype = np.dtype(smallest_type(tokenizer.size))
            unordered = np.memmap(file, dtype, "r", shape=(int(starts[-1]),))
            write_ordered(folder, unordered, starts, order)
        return {"tokens": int(starts[-1]), "dtype": dtype.name}

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
        seen = table.targets[places_of(order[:trained], table.target_starts)]
        learned = np.bincount(seen, minlength=len(table.labels))
        what = self.fmt.target
        if missing := [table.labels[number] for number in np.flatnonzero(learned == 0)]:
            listed = ", ".join(missing[:5]) + ", ..." * (len(missing) > 5)
            self.joined.emit(Noticed(f"No training example has the {what} {listed}."))
        texts = table.digests.view("S16")[order, 0]
        if both := int(np.isin(texts[trained:], texts[:trained]).sum()):
            self.joined.emit(
                Noticed(f"Training has the text of {both:,} of the examples of --valid and --test.")
            )

    def _learn(self, trained: NDArray[np.bool_]) -> Tokenizer:
        """The tokenizer of the training texts."""
        between = self.fmt.between
        found = zip(trained, examples(self.joined, self.reader, self.fmt), strict=False)
        texts = (example.text + between for is_trained, example in found if is_trained)
        return TOKENIZERS[self.settings.tokenizer].learn(texts, self.settings)
