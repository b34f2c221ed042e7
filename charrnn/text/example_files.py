"""Writing the files of a corpus of examples: texts as they come, then in their order."""

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.files import atomic_write
from charrnn.text.example_corpus import PLACE
from charrnn.text.example_formats import ExampleFormat
from charrnn.text.example_lines import Example
from charrnn.text.tokenizers import Ids, Tokenizer
from charrnn.text.tokenizers.base import smallest_type

_ENCODED = 256  # texts that are encoded at a time
_TOGETHER = 1 << 18  # tokens that are put in order at a time


def write_ids(
    file: Any, tokenizer: Tokenizer, fmt: ExampleFormat, found: Iterator[Example], count: int
) -> NDArray[np.int64]:
    """Write the ids of texts, one after the other, to an open file; where each begins (N + 1,)."""
    lengths = np.zeros(count + 1, np.int64)
    dtype = smallest_type(tokenizer.size)
    texts = (example.text for example in islice(found, count))
    written = 0
    while some := [*islice(texts, _ENCODED)]:
        ids, sizes = fmt.encode(tokenizer, some)
        file.write(ids.astype(dtype, copy=False).tobytes())
        lengths[written + 1 : written + 1 + len(some)] = sizes
        written += len(some)
    return lengths.cumsum()


def places_of(order: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where everything of these examples stands, one example after the other."""
    lengths = np.diff(starts)[order]
    begins = np.append(0, lengths.cumsum()[:-1])
    return np.repeat(starts[order] - begins, lengths) + np.arange(lengths.sum())


def write_ordered(
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
