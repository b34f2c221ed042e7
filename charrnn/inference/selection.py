"""Texts that are drawn until enough of them are unique, or novel."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from charrnn.events import Emit, Noticed
from charrnn.inference.sampled_texts import SampledText
from charrnn.settings import SampleSettings
from charrnn.text.novelty import Novelty

_CANDIDATES = 20  # for each text asked for, at most
_TOGETHER = 256  # candidates sampled at once, at most


def select(
    sample: Callable[[range], Iterator[SampledText]],
    settings: SampleSettings,
    novelty: Novelty | None,
    emit: Emit,
) -> Iterator[SampledText]:
    """`count` texts, numbered anew, of those that `sample` gives for numbers from 0 on.

    None is equal to one before it if `unique` is set, or stands in the training text. Where too few
    are found, a notice says so.
    """
    seen, first, most = set[str](), 0, _CANDIDATES * settings.count
    accepted = 0
    while accepted < settings.count and first < most:
        size = min(max(16, settings.count - accepted), _TOGETHER, most - first)
        candidates = sorted(sample(range(first, first + size)), key=lambda text: text.number)
        first += size
        for text in candidates:
            whole = text.prompt + text.text
            repeated = settings.unique and whole in seen
            if accepted == settings.count or repeated or (novelty and novelty.occurs(whole)):
                continue
            seen.add(whole)
            accepted += 1
            yield replace(text, number=accepted)
    if accepted < settings.count:
        emit(Noticed(f"Only {accepted} of {settings.count} texts were found in {first} samples."))
