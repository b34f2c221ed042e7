"""The tables of the guide are those of the package."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from charrnn import events
from charrnn.cells import CELLS
from charrnn.cli.flags import described
from charrnn.errors import CharRNNError
from charrnn.extras.probing.properties import PROPERTIES
from charrnn.recipes import RECIPES
from charrnn.settings import (
    LEARNING_RATES,
    ModelSettings,
    TextSettings,
    TrainSettings,
    flag,
)
from charrnn.storage.metrics import Metrics, read_curves
from tests.docs.pages import ROOT, page_text, rows_of


def test_the_table_of_settings_is_the_settings():
    """A default that changed everywhere but here."""
    rows = []
    for kind in (ModelSettings, TrainSettings, TextSettings):
        for field in fields(kind):
            text, default = described(field, field.type)
            shown = default and (default if default == "chosen" else f"`{default}`")
            rows.append(f"| `{flag(field.name)}` | {shown} | {text} |")
    table = "\n".join(rows)
    page = (ROOT / "docs" / "training.md").read_text("utf-8")
    assert table in page, f"the table should be:\n{table}"


SCORES = ("bits_per_character", "bits_per_byte")
"""What stands in JSON in place of an event's `scores`, where a language model is trained."""


def test_the_table_of_events_is_the_events():
    """A field of --json that a script looks for in vain, or that nobody learns of."""
    listed = {name.strip("`"): fields for name, fields in rows_of("scripting.md", "event")}
    kinds = {kind.__name__.lower(): kind for kind in events.Event.__subclasses__()}
    assert listed.keys() == kinds.keys() - {"progress", "curves"}
    for name, named in listed.items():
        expected = [name for field in fields(kinds[name])
                    for name in (SCORES if field.name == "scores" else [field.name])]  # fmt: skip
        assert re.findall(r"`(\w+)`", named) == expected, name


def json_types(kind, names):
    """What JSON has for the fields of an event, by their names."""
    of_python = {str: "string", int: "integer", float: "number", bool: "boolean"}
    hints = get_type_hints(kind)
    if scores := hints.pop("scores", None):
        hints |= dict.fromkeys(SCORES, get_args(scores)[1])
    for name, annotated in hints.items():
        if get_origin(annotated) is Mapping:
            names.setdefault(name, set()).add("object")
            continue
        choices = get_args(annotated) or (annotated,)
        python = type(choices[0]) if isinstance(choices[0], str) else choices[0]
        names.setdefault(name, set()).add(of_python[python])
        if type(None) in choices:
            names[name].add("null")


def test_the_table_of_fields_is_the_fields_of_the_events():
    """A field whose type or meaning a script has to guess."""
    expected: dict[str, set[str]] = {"event": {"string"}, "time": {"string"}}
    for kind in events.Event.__subclasses__():
        if kind not in (events.Progress, events.Curves):
            json_types(kind, expected)
    rows = rows_of("scripting.md", "field")
    listed = {name: set(kind.split(" or ")) for names, kind in rows
              for name in re.findall(r"`(\w+)`", names)}  # fmt: skip
    assert listed == expected


def test_pandas_reads_the_metrics_of_a_resumed_run(home, capsys):
    """An example that fails, or that draws the steps which a killed process had lost."""
    (block,) = re.findall(r"```python\n(.*?)```", page_text("scripting.md"), re.DOTALL)
    folder = home / "checkpoints" / "plays"
    folder.mkdir(parents=True)
    metrics = Metrics(folder)
    for number, step in enumerate([2, 4, 6, 8, 4, 7, 8]):
        scores = dict.fromkeys(SCORES, 10.0 - number)
        metrics(events.Stepped(step, 8, 1.0, scores, *[1.0] * 5))
        metrics(
            events.Evaluated(step, "valid", "stream", 10.0 - number, scores, True, 1.0, number / 2)
        )
    metrics.close()
    named: dict[str, Any] = {}
    exec(block, named)
    expected = {point.step: point.bits for point in read_curves(folder).validation}
    assert list(expected) == [2, 4, 7, 8]
    assert named["valid"]["bits_per_character"].to_dict() == expected
    assert "bits_per_character" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "title", "choices"),
    [
        ("training.md", "recipe", RECIPES),
        ("training.md", "`--optimizer`", LEARNING_RATES),
        ("training.md", "`--schedule`", get_args(get_type_hints(TrainSettings)["schedule"])),
        ("comparing.md", "`--cell`", CELLS),
    ],
)
def test_the_tables_of_choices_are_complete(page, title, choices):
    """A recipe, an optimizer, a schedule or a cell that the guide does not know."""
    assert sorted(first.strip("`") for first, _ in rows_of(page, title)) == sorted(choices)


def test_learning_rates_exit_codes_and_properties_are_those_of_the_package():
    """A figure or a name in the prose that changed in the code."""
    for name, rate in LEARNING_RATES.items():
        row = rf"^\| `{name}` \|.*\| {rate:g}\b"
        assert re.search(row, page_text("training.md"), re.MULTILINE)
    codes = {kind.exit_code for kind in (CharRNNError, *CharRNNError.__subclasses__())}
    listed = " ".join(first for first, _ in rows_of("scripting.md", "code"))
    assert set(map(int, re.findall(r"\d+", listed))) == codes | {0, 129, 130, 143}
    prose = " ".join(page_text("looking-inside.md").replace("`", "").split())
    assert [name for name in PROPERTIES if name not in prose] == []
