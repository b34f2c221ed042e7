"""Every setting, written once: its name, type, bounds, help and default.

Flags, checkpoint metadata and the guide's tables derive from these dataclasses. `read` checks
values that come from outside: the command line, a notebook or a file.
"""

from charrnn.settings.base import ADVANCED, AUTO, SettingError, flag, is_automatic, plain, read
from charrnn.settings.model import AttentionName, CellName, ModelSettings, TaskName
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
    "AttentionName",
    "CellName",
    "ModelSettings",
    "OptimizerName",
    "PartName",
    "SampleSettings",
    "SettingError",
    "TaskName",
    "TextSettings",
    "TokenizerName",
    "TrainSettings",
    "UnknownName",
    "flag",
    "is_automatic",
    "plain",
    "read",
]
