"""The series that a forecast continues, or that its score is of."""

from dataclasses import replace

import numpy as np

from charrnn.errors import CheckpointError, TextError
from charrnn.events import Emit
from charrnn.extras.forecast.forecasts import Series
from charrnn.settings import PartName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.text.corpus import PARTS, checked_ids, part_to_score
from charrnn.text.encoding import bounded
from charrnn.text.source import read_text
from charrnn.text.tokenizers.number import MISSING, Numbers, series_of


def numbers_of(checkpoint: Checkpoint) -> Numbers:
    """The tokenizer of a run of numbers. CheckpointError for one of texts."""
    if not isinstance(checkpoint.tokenizer, Numbers):
        raise CheckpointError(
            f"run {checkpoint.run} was trained on a text, not on numbers",
            "Name another run, or train one with --tokenizer number.",
        )
    return checkpoint.tokenizer


def series_in_file(
    checkpoint: Checkpoint, file: str, encoding: str | None, emit: Emit
) -> list[Series]:
    """The series of a file, read as those of training were. TextError if there is none."""
    tokenizer = numbers_of(checkpoint)
    settings = replace(checkpoint.text, encoding=encoding or checkpoint.text.encoding)
    text = "".join(bounded(read_text(file, settings, emit, raw=False), file))
    series = [Series(values, tokenizer.ids(values)) for values in series_of(text) if len(values)]
    if not series:
        raise TextError(f"there is no number in {file}", "Name a file with numbers, one a line.")
    return series


def series_of_corpus(checkpoint: Checkpoint, otherwise: str) -> Series:
    """The one series that a run has learned from, as it was rounded. TextError for several."""
    tokenizer = numbers_of(checkpoint)
    corpus = corpus_of(checkpoint, otherwise)
    if tokenizer.end is not None:
        raise TextError(
            f"run {checkpoint.run} has learned from several series, and knows not where they stand",
            f"{otherwise[0].upper()}{otherwise[1:]}.",
        )
    ids = checked_ids(corpus.tokens, tokenizer.size)
    values = tokenizer.scale.unscaled(tokenizer.scaled(ids))
    missing = (ids == MISSING) & (np.arange(len(ids)) >= tokenizer.scale.lag)
    return Series(np.where(missing, np.nan, values), ids)


def part_of_series(checkpoint: Checkpoint, part: PartName | None) -> Series:
    """The series of a run's corpus up to the end of a part, which counts."""
    otherwise = f"score it on a file: charrnn eval {checkpoint.run} FILE"
    series, corpus = series_of_corpus(checkpoint, otherwise), corpus_of(checkpoint, otherwise)
    part = part_to_score(corpus, part)
    first = sum(len(corpus.part(name)) for name in PARTS[: PARTS.index(part)])
    end = first + len(corpus.part(part))
    return Series(series.values[:end], series.ids[:end], first)
