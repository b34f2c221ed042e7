"""Which settings have no effect beside others: the one place that says so, and asks it of a run."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from charrnn.errors import UsageError
from charrnn.settings.base import AppliesTo, Settings, choices, flag
from charrnn.settings.model import ModelSettings, TaskName
from charrnn.settings.text import OWN_INPUTS, InputName, TextSettings
from charrnn.settings.training import LENGTHS, TrainSettings
from charrnn.values import more

_KINDS = (ModelSettings, TrainSettings, TextSettings)
_APPLY = {field.name: AppliesTo.of(field) for kind in _KINDS for field in fields(kind)}


def input_of(task: TaskName, text: TextSettings) -> InputName:
    """What is read: as `--input` says where that has an effect, else what the task reads."""
    name = _effective_input({"task": task, "input": text.input})
    assert name
    return name


def _effective_input(values: Mapping[str, Any]) -> InputName | None:
    """As `input_of`; None where the values do not say."""
    task: TaskName | None = values.get("task")
    given: InputName | None = values.get("input")
    if task is None or (given and task in _APPLY["input"]["task"]):
        return given
    return OWN_INPUTS.get(task, "text")


def values_of(*settings: Settings) -> dict[str, Any]:
    """The values of settings by name."""
    return {
        name: value for each in settings for name, value in vars(each).items() if name in _APPLY
    }


def check_effective(*settings: Settings, **beside: Any) -> None:
    """Raise UsageError if one of the settings was typed in and has no effect beside the others.

    `beside` are more values, as in `without_effect`; None for one that is not known yet.
    """
    typed = frozenset[str]().union(*(each.typed for each in settings))
    unknown = [name for name, value in beside.items() if value is None]
    for name, (cause, instead) in without_effect(values_of(*settings) | beside, unknown).items():
        if name in typed:
            raise no_effect(name, cause, instead)


def without_effect(
    values: Mapping[str, Any], unknown: Collection[str] = ()
) -> dict[str, tuple[str, str]]:
    """Names of the settings without effect beside these values: (what it is beside, another way).

    A value that is missing or None says nothing, nor does an `unknown` one. Beside the settings
    there may be `folder`: whether one of the sources is a folder.
    """
    values = {**values, "input": _effective_input(values), **dict.fromkeys(unknown)}
    useless = dict(_by_condition(values))
    for name, others in _APPLY.items():
        for other, fitting in reversed(others.items()):  # the first one is named
            if values.get(other) is not None and values[other] not in fitting:
                useless[name] = (
                    f"{flag(other)} {values[other]}",
                    f"choose {choices(other, fitting)}",
                )
    return useless


def checked_network(model: ModelSettings) -> ModelSettings:
    """The settings of a network from a file. ValueError for parameters that its task does not have.

    Such a file was made by hand: settings that are typed in are checked by `check_effective`.
    """
    changed = {f.name for f in fields(model) if getattr(model, f.name) != f.default}
    for name, (task, _) in without_effect(values_of(model)).items():
        if name in ("decoder", "bidirectional", "crf", "tie_weights") and name in changed:
            raise ValueError(f"{flag(name)} has no effect with {task}")
    return model


def no_effect(name: str, cause: str, instead: str) -> UsageError:
    """The error for a setting that was given and has no effect beside something else."""
    return UsageError(
        f"{flag(name)} has no effect with {cause}", f"Leave {flag(name)} out, or {instead}."
    )


def _by_condition(values: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """What depends on more than the value of one other setting."""
    if cause := _of_embedding(values):
        yield "embedding_size", cause
    if values["input"] == "picture" and not values.get("bidirectional"):
        yield from _of_grids(values)
    steps, hold_steps = values.get("steps"), values.get("hold_steps")
    if steps and hold_steps and steps <= hold_steps:
        yield "hold_steps", (f"--steps {steps}", "take more steps")
    if values.get("folder") is False:
        yield "include", ("texts of which none is a folder", "name a folder")
    if values.get("valid") or values.get("test"):
        yield "split", ("--valid or --test", "leave those out")


def _of_embedding(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """What leaves an embedding out: no token is looked up, neither in a text nor in a decoder."""
    task = values.get("task")
    is_written = task in ("rewrite", "caption")
    if task is None or (is_written and values.get("decoder") != "ctc"):
        return None
    if values.get("one_hot"):
        return "--one-hot", "leave --one-hot out"
    if values["input"] in (None, "text"):
        return None
    if is_written:
        return "--decoder ctc", "choose --decoder attention"
    return f"--task {task} --input {values['input']}", "choose --task rewrite"


def _of_grids(values: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """What pictures make useless where no recurrent layer reads their columns."""
    if values.get("task") == "label":
        for name in ("cell", "layers", "residual"):
            yield name, ("--task label --input picture", "add --bidirectional")
    elif values.get("decoder") == "ctc":
        return
    yield "dropout", ("--input picture", "add --bidirectional")


@dataclass(frozen=True)
class Request:
    """A run that is asked for. UsageError for a setting that has no effect in a new one.

    `corpus` names its text, which those `beside` it follow, `name` the run, `base` the run whose
    weights it begins with. Resumed, it is the run `name`, or the one trained last, may do without a
    `corpus`, and continues for as much `more` as `values.more` reads. A new run without a name is
    called `default_name`, or like its corpus.
    """

    corpus: str | None
    model: ModelSettings
    train: TrainSettings
    text: TextSettings
    name: str | None = None
    base: str | None = None
    resuming: bool = False
    default_name: str | None = None
    beside: tuple[str, ...] = ()
    more: str | None = None

    def __post_init__(self) -> None:
        if self.addition:
            self._check_more()
        if not self.resuming:
            unknown = dict.fromkeys(("tokenizer", "input") if self.base else ("tokenizer",))
            check_effective(self.model, self.train, self.text, **unknown)

    @property
    def addition(self) -> tuple[str, float] | None:
        """`more` as a setting of length and its value: ("time", 300.0). UsageError."""
        try:
            return None if self.more is None else more(self.more)
        except ValueError as error:
            raise UsageError(f"--more: {error}", "Write 5m, 500steps or 2epochs.") from None

    def _check_more(self) -> None:
        """Raise UsageError for what `more` cannot go with."""
        for name in self.train.given & {*LENGTHS}:
            raise UsageError(
                f"{flag(name)} counts from the beginning, --more from where the run is",
                "Leave one of them out.",
            )
        if not self.resuming:
            raise UsageError(
                "--more trains a run on, and this is a new one",
                "Add --resume, or say how long it is with --time, --epochs or --steps.",
            )
