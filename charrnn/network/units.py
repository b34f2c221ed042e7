"""The units and gates of a layer at every step, for `charrnn probe` and others that look inside."""

from typing import NamedTuple

from charrnn.cells.arrays import Array, namespace
from charrnn.cells.base import Gates
from charrnn.network.layers import Layer, LayerState, State


class Trace(NamedTuple):
    """T steps: `logits` (T, ..., V); by layer, every unit and every gate (T, ..., H) by its name.

    With the state after the last step. Gates are there if they were asked for.
    """

    logits: Array
    units: list[Gates]
    gates: list[Gates]
    last_state: State


def trace(
    layer: Layer, z: Array, state: LayerState, *, gates: bool = False
) -> tuple[Gates, Gates, LayerState]:
    """z (T, ..., G*H) -> its units and gates at all steps (T, ..., H), by name; the last state."""
    places = layer.cell.units(state[0].shape[-1])
    units: dict[str, list[Array]] = {name: [] for name in places}
    opened: list[Gates] = []
    for projected in z:
        if gates:
            state, values = layer.cell.step_with_gates(layer.prepared, projected, state)
            opened.append(values)
        else:
            state = layer.cell.step(layer.prepared, projected, state)
        for name, place in places.items():
            units[name].append(state[place])
    xp = namespace(z)
    names = layer.cell.gates if gates else ()
    by_name = {name: xp.stack([values[name] for values in opened]) for name in names}
    return {name: xp.stack(arrays) for name, arrays in units.items()}, by_name, state
