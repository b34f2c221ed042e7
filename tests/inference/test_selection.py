"""Texts that are drawn until enough of them are unique, or novel."""

from dataclasses import replace

from charrnn.inference.blocks import SampledText
from charrnn.inference.sampled_texts import select
from charrnn.settings import SampleSettings


def test_unique_and_novel_texts_are_drawn_on():
    """Fewer texts than were asked for, or one that was to be refused."""

    def some(numbers):
        texts = ["a", "b", "a", "c", "b", "d"]
        return (SampledText(n + 1, "", texts[n % 6], 1, None, "length") for n in numbers)

    class Training:
        def occurs(self, text):
            return text == "c"

    events = []
    settings = SampleSettings(count=3, unique=True, novel=True)
    found = list(select(some, settings, Training(), events.append))
    assert [(text.number, text.text) for text in found] == [(1, "a"), (2, "b"), (3, "d")]
    assert not events
    assert len(list(select(some, replace(settings, count=4), Training(), events.append))) == 3
    assert events[0].message == "Only 3 of 4 texts were found in 80 samples."
