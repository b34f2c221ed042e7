"""Every setting, written once: its name, type, bounds, help and default.

Flags, checkpoint metadata and the guide's tables derive from these dataclasses. `read` checks
values that come from outside: the command line, a notebook or a file.
"""

from charrnn.settings.base import (
    ADVANCED,
    AppliesTo,
    SettingError,
    Settings,
    checked_settings,
    flag,
    is_automatic,
    plain,
    read,
    reason_of,
)
from charrnn.settings.effect import (
    Request,
    check_effective,
    checked_network,
    input_of,
    no_effect,
    values_of,
    without_effect,
)
from charrnn.settings.model import CellName, ModelSettings, TaskName
from charrnn.settings.sampling import SampleSettings
from charrnn.settings.text import (
    OWN_INPUTS,
    STORED,
    FormatName,
    InputName,
    PartName,
    TextSettings,
    TokenizerName,
    UnknownName,
)
from charrnn.settings.training import (
    DEFAULT_TIME,
    LEARNING_RATES,
    LENGTHS,
    OptimizerName,
    TrainSettings,
)
