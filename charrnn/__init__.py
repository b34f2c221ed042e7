"""charrnn: character-level recurrent language models, from the command line and from Python.

>>> import charrnn
>>> model = charrnn.train("tale.txt", steps=40, hidden_size=24, run="tale")
>>> len(model.sample("The ", length=100))
100
>>> charrnn.load("tale").score("The old king sat by the sea.").tokens
27

`load` and the model that it gives need NumPy alone; what trains or measures gradients loads torch.
What cannot be done raises a `charrnn.CharRNNError`, with a `message` and a `hint`.
"""

import sys
from importlib import import_module

TYPE_CHECKING = False  # nothing is loaded before it is needed, not even typing
if TYPE_CHECKING:
    from charrnn.errors import CharRNNError as CharRNNError
    from charrnn.extras.comparing.interface import compare as compare
    from charrnn.extras.gradients.interface import gradients as gradients
    from charrnn.extras.probing.interface import probe as probe
    from charrnn.interface import load as load, prepare as prepare, resume as resume, train as train

__version__ = "1.0.0"

_MODULES = {
    "CharRNNError": "charrnn.errors",
    "load": "charrnn.interface",
    "prepare": "charrnn.interface",
    "train": "charrnn.interface",
    "resume": "charrnn.interface",
    "compare": "charrnn.extras.comparing.interface",
    "gradients": "charrnn.extras.gradients.interface",
    "probe": "charrnn.extras.probing.interface",
}
"""The interface: each name is imported from its module when it is asked for."""


def __dir__() -> list[str]:
    """The interface, without the functions of extras whose folder is missing."""
    from charrnn.cli.definitions import Definition

    here = [name for name, module in _MODULES.items() if Definition(module, name).is_here]
    return ["__version__", *here]


def __getattr__(name: str) -> object:
    if name == "__all__":
        return __dir__()
    if name not in __dir__():
        text = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(text, name=name, obj=sys.modules[__name__])
    return getattr(import_module(_MODULES[name]), name)
