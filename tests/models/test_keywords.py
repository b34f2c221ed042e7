"""Keyword arguments that editors know, and the settings."""

from dataclasses import fields
from typing import get_type_hints

from charrnn.inference.decoding import Decoding
from charrnn.models import keywords
from charrnn.settings import ModelSettings, SampleSettings, TextSettings, TrainSettings


def test_keywords_are_the_settings():
    """A setting that an editor does not know, or takes for another type."""

    def hints(*kinds):
        return {
            field.name: get_type_hints(kind)[field.name] for kind in kinds for field in fields(kind)
        }

    sampling = {n: kind for n, kind in hints(SampleSettings).items()
                if n not in ("prompt", "length", "count", "unique", "novel", "stop")}  # fmt: skip
    decoding = {n: kind for n, kind in hints(Decoding).items() if n != "skipped"}
    expected = {
        keywords.TextKeywords: hints(TextSettings),
        keywords.TrainKeywords: hints(ModelSettings, TrainSettings, TextSettings),
        keywords.SampleKeywords: sampling
        | {"stop": get_type_hints(keywords.SampleKeywords)["stop"]},
        keywords.DecodingKeywords: decoding,
    }
    for written, kinds in expected.items():
        assert get_type_hints(written) == kinds, f"{written.__name__} should have: {kinds}"
