"""The help of every command, and flags made of settings."""

import re
from dataclasses import fields
from typing import Annotated, get_args, get_type_hints

import pytest
import typer
from annotated_types import Ge, Le

from charrnn.cli.definitions import CORE
from charrnn.cli.flags import Shown, described, with_flags
from charrnn.cli.main import app
from charrnn.errors import UsageError
from charrnn.recipes import RECIPES, Recipe
from charrnn.settings import (
    ADVANCED,
    AppliesTo,
    ModelSettings,
    SampleSettings,
    TextSettings,
    TrainSettings,
    flag,
)

GROUP = typer.main.get_command(app)
COMMANDS = GROUP.load_all(typer.Context(GROUP))
SETTINGS = {
    "train": [ModelSettings, TrainSettings, TextSettings],
    "sweep": [ModelSettings, TrainSettings, TextSettings],
    "sample": [SampleSettings],
    "prepare": [TextSettings],
}


@pytest.fixture
def shown(charrnn):
    """The help of a command, as lines at a width."""
    return lambda *args, columns="200": charrnn(*args, columns=columns).out.splitlines()


@pytest.mark.parametrize("command", SETTINGS)
def test_every_setting_is_listed_once_with_its_default(shown, command):
    """A flag that nobody can find out about, or that stands in two panels."""
    lines = shown(command, "--help", columns="300")
    for field in (field for kind in SETTINGS[command] for field in fields(kind)):
        name = rf"│ (-\w, |    )(--[\w-]+, )*{flag(field.name)}[ ,]"
        entries = [line for line in lines if re.match(name, line)]
        assert len(entries) == 1, field.name
        _, default = described(field, field.type)
        assert not default or f"[default: {default}]" in entries[0]


@pytest.mark.parametrize("command", SETTINGS)
def test_what_a_newcomer_needs_comes_first_and_advanced_settings_last(shown, command):
    """Ten flags among fifty; a panel in the wrong place."""
    text = "\n".join(shown(command, "--help"))
    panels = dict(re.findall(r"╭─ (\w+) ─+╮\n(.*?)╰", text, re.DOTALL))
    last = panels.get("Advanced", "")
    assert list(panels)[:2] == ["Arguments", "Options"]
    assert panels["Options"].count("\n") <= 15
    assert list(panels)[-1] == "Advanced" or not last
    for field in (field for kind in SETTINGS[command] for field in fields(kind)):
        advanced = ADVANCED in get_args(field.type) and "text" in AppliesTo.of(field).get(
            "task", ("text",)
        )
        entry = rf"^│ (-\w, |    )(--[\w-]+, )*{flag(field.name)}[ ,]"
        assert bool(re.search(entry, last, re.MULTILINE)) == advanced, field.name


def test_spellings(shown):
    """A short form or an alias that was lost; a switch that takes a value."""
    sample = "\n".join(shown("sample", "-h"))
    for spelling in ("-n, --length N", "-t, --temp, --temperature X", "-s, --seed N",
                     "--prompt, --prime TEXT", "-q, --quiet "):  # fmt: skip
        assert spelling in sample
    train = "\n".join(shown("train", "-h"))
    assert "--one-hot  " in train
    assert "--no-one-hot" not in train


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_fits_80_columns_however_it_is_asked_for(shown, command):
    """Lines that break in the middle, and three ways to ask of which one works."""
    lines = shown(*command, "--help", columns="80")
    assert "Usage: charrnn" in lines[1]
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    assert shown(*command, "-h", columns="80") == lines
    assert shown("help", *command, columns="80") == lines


def test_the_help_says_how_to_begin(charrnn):
    """A page of commands, and no first one."""
    shown = charrnn().out
    assert "charrnn train shakespeare" in shown
    assert "charrnn sample --temp 0.8" in shown


def test_what_is_given_overrides_the_recipe(monkeypatch):
    """A recipe that wins over the command line, or whose settings are chosen automatically."""
    recipe = Recipe("mine", {"layers": 3, "hidden_size": 7, "epochs": 5.0})
    monkeypatch.setitem(RECIPES, "mine", recipe)
    seen = {}

    @with_flags("steps")
    def train(model: ModelSettings, settings: TrainSettings) -> None:
        seen.update(model=model, settings=settings)

    train(recipe="mine", hidden_size=9, steps=4)
    assert seen["model"].given == {"layers", "hidden_size"}
    assert seen["model"].typed == {"hidden_size"}
    assert seen["settings"].given == {"steps"}
    assert (seen["model"].layers, seen["model"].hidden_size) == (3, 9)
    assert (seen["settings"].steps, seen["settings"].epochs) == (4, None)
    with pytest.raises(UsageError, match="there is no recipe yours"):
        train(recipe="yours")


@pytest.mark.parametrize("name", CORE)
def test_the_table_says_of_a_command_what_its_help_says(name):
    """A list of commands in which one is described as it once was."""
    assert CORE[name].help == COMMANDS[name].help.partition("\n\n")[0].replace("\n", " ")


def test_a_parameter_is_described_as_a_setting_is():
    """Bounds that are not checked; a flag of an extra that is not there."""

    @with_flags()
    def command(
        much: Annotated[int, Ge(2), Le(5), "how much", Shown("Panel")] = 3,
        echo: Annotated[bool, "repeat it", ADVANCED] = True,
        gone: Annotated[bool, "of an extra", Shown(extra="--nothing")] = False,
    ) -> None: ...

    hints = get_type_hints(command, include_extras=True)
    much, echo, gone = (hints[name].__metadata__[0] for name in ("much", "echo", "gone"))
    assert (much.min, much.max, much.show_default, much.metavar) == (2, 5, "3", "N")
    assert (much.rich_help_panel, much.hidden) == ("Panel", False)
    assert (echo.default, echo.rich_help_panel) == ("--echo/--no-echo", ADVANCED)
    assert gone.hidden
