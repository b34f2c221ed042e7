"""`charrnn.gradients`: how far back in time the loss depends on the state, from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from charrnn.errors import UsageError
from charrnn.events import Emit
from charrnn.extras.gradients.gradient_flow import Networks, of_run, of_untrained
from charrnn.extras.gradients.show import gradients_report, untrained_title
from charrnn.interface import listening
from charrnn.models.public import public
from charrnn.settings import CellName, ModelSettings, checked_settings
from charrnn.storage.fitting_run import load_language_model


class Flows(Networks):
    """The gradient flow in networks, which a notebook shows as a table and curves."""

    def __init__(self, title: str, networks: Networks) -> None:
        super().__init__(networks)
        self.title = title

    def _repr_html_(self) -> str:
        from charrnn.display.html import html_of

        return html_of(gradients_report(self.title, self))


class Untrained(TypedDict, total=False):
    """Networks that are not trained, one of each cell and gain."""

    cell: CellName | Sequence[CellName]
    gain: float | Sequence[float] | None
    hidden_size: int
    layers: int


@public
def gradients(
    run: str | Path | None = None,
    text: str | None = None,
    *,
    progress: bool | None = None,
    events: Emit | None = None,
    **untrained: Unpack[Untrained],
) -> Networks:
    """Measure how the gradient of the loss vanishes or explodes, as `charrnn gradients` does.

    The layers of each network, by its cell and size (and gain, of several): `norms` (K + 1,) are
    those of the gradient k steps back, and `singular` has the largest singular value of each block
    of recurrent weights.
    Of a run's network (None: the run trained last) on a text, or on its validation part; or, with
    a `cell` or several, of untrained networks on a text: `gain` is the variance of their recurrent
    weights, times the hidden size, or several. TextError for a text of fewer than three tokens.

    >>> charrnn.gradients("tale").keys()
    dict_keys(['lstm 2x24'])
    """
    cells = untrained.get("cell")
    with listening(events, progress) as emit:
        if cells is None:
            if untrained:
                raise UsageError(
                    f"{min(untrained)} is for an untrained network", "Name its cell, too."
                )
            model = load_language_model(run, emit)
            return Flows(model.run, of_run(model, text, emit))
        if run is not None or text is None:
            raise UsageError("an untrained network reads a text, and is no run", "Give text=...")
        names = [cells] if isinstance(cells, str) else cells
        sizes = {"hidden_size": untrained.get("hidden_size"), "layers": untrained.get("layers", 1)}
        models = [checked_settings({"cell": name, **sizes}, ModelSettings)[0] for name in names]
        gain = untrained.get("gain")
        gains = gain if isinstance(gain, Sequence) else [gain]
        if not models or not gains:
            raise UsageError("there is no cell, or no gain", "Give one, or several.")
        return Flows(untrained_title(gains), of_untrained(models, gains, text, emit))
