"""A table of all examples but their texts: what is known of them before they are written."""

import hashlib
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, located
from charrnn.text.examples import Example, ExampleSources


@dataclass(frozen=True)
class ExampleTable:
    """All of N examples but their texts, in the order of their lines.

    `vocabulary` is sorted; `targets` (M,) are indices of it, and those of each example begin at
    `target_starts` (N + 1,). `sources` (N,) are indices. `digests` (N,) of 16 bytes tell the texts
    apart. `first` is the first example of each source. `files` (N,) are the names of inputs that
    are no texts, without their folders; none of texts.
    """

    vocabulary: list[str]
    targets: NDArray[np.int64]
    target_starts: NDArray[np.int64]
    sources: NDArray[np.int8]
    digests: NDArray[np.bytes_]
    first: list[Example]
    files: list[str]


def read_table(examples: ExampleSources) -> ExampleTable:
    """Read the examples of all sources.

    TextError if a source has none, or if there are too few different targets.
    """
    fmt = examples.fmt
    seen: dict[str, int] = {}  # targets in the order in which they come
    targets, lengths, sources, digests = array("q"), array("q", [0]), array("b"), bytearray()
    first: list[Example] = []
    files: list[str] = []
    for example in examples.examples():
        source, where, text, of_example, _ = example
        if source == len(first):
            first.append(example)
        for target in of_example:
            targets.append(seen.setdefault(target, len(seen)))
        lengths.append(len(of_example))
        if not fmt.items.has_text:
            files.append(" ".join(Path(text).name.split()))
        sources.append(source)
        with located(where):
            data = fmt.items.input_bytes(text)
        digests += hashlib.blake2b(data, digest_size=16).digest()
    for source, listed in enumerate(examples.joined.sources):
        if source not in sources:
            raise TextError(f"there is no example in {listed.name}", fmt.lines.hint)
    vocabulary = sorted(seen)
    if len(vocabulary) < fmt.lines.least:
        raise TextError(
            f"all examples have the {fmt.lines.target} {vocabulary[0]}",
            f"Take two {fmt.lines.target}s or more.",
        )
    rank = np.zeros(len(vocabulary), np.int64)
    rank[[seen[target] for target in vocabulary]] = np.arange(len(vocabulary))
    return ExampleTable(
        vocabulary,
        rank[np.array(targets, np.int64)],
        np.array(lengths, np.int64).cumsum(),
        np.array(sources, np.int8),
        np.frombuffer(bytes(digests), "S16"),
        first,
        files,
    )
