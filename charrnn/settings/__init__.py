"""Every setting, written once: its name, type, bounds, help and default.

Flags, checkpoint metadata and the guide's tables derive from these dataclasses. `read` checks
values that come from outside: the command line, a notebook or a file.
"""

from charrnn.settings.base import (
    ADVANCED,
    AUTO,
    AppliesTo,
    SettingError,
    Settings,
    flag,
    is_automatic,
    plain,
    read,
)
from charrnn.settings.effect import (
    check_effective,
    checked_network,
    no_effect,
    values_of,
    without_effect,
)
from charrnn.settings.model import AttentionName, CellName, ModelSettings, TaskName
from charrnn.settings.request import Request
from charrnn.settings.sampling import SampleSettings
from charrnn.settings.text import PartName, TextSettings, TokenizerName, UnknownName
from charrnn.settings.training import (
    DEFAULT_TIME,
    LEARNING_RATES,
    LENGTHS,
    OptimizerName,
    TrainSettings,
)

__all__ = [
    "ADVANCED",
    "AUTO",
    "DEFAULT_TIME",
    "LEARNING_RATES",
    "LENGTHS",
    "AppliesTo",
    "AttentionName",
    "CellName",
    "ModelSettings",
    "OptimizerName",
    "PartName",
    "Request",
    "SampleSettings",
    "SettingError",
    "Settings",
    "TaskName",
    "TextSettings",
    "TokenizerName",
    "TrainSettings",
    "UnknownName",
    "check_effective",
    "checked_network",
    "flag",
    "is_automatic",
    "no_effect",
    "plain",
    "read",
    "values_of",
    "without_effect",
]
