"""A layer with weights that hide nothing, an input and a state, for any cell."""

import numpy as np
import torch

from charrnn.network.layer import Layer

B, D, H = 3, 5, 7  # H divides by none of 2, 4 and 6, and fills all modules of the clockwork


def example(cell, steps, *, fused=True):
    """A layer in float64, x (T, B, D), a state of (B, H) each. All biases differ from 0."""
    torch.manual_seed(1)
    layer = Layer(cell, D, H, fused=fused).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    state = tuple(
        torch.full((B, H), 12.0).double() if name == "time" else torch.randn(B, H).double()
        for name in cell.states
    )
    return layer, torch.randn(steps, B, D, dtype=torch.float64), state


def run_layer(layer, x, state):
    """What the layer computes, as NumPy arrays."""
    with torch.no_grad():
        outputs, after = layer(x, state)
    return outputs.numpy(), tuple(array.numpy() for array in after)


def run_numpy(layer, x, state):
    """The same by the cell's own equations in NumPy, a step at a time."""
    cell, weights = layer.cell, arrays_of(layer)
    ready, after = cell.prepare(weights), tuple(array.numpy() for array in state)
    outputs = []
    for z in cell.project(ready, x.numpy()):
        after = cell.step(ready, z, after)
        outputs.append(after[0])
    return np.stack(outputs), after


def run_unfused(layer, x, state):
    """The same by a layer that loops the cell's equations in torch."""
    loop = Layer(layer.cell, D, H, fused=False).double()
    loop.load_state_dict(layer.state_dict())
    return run_layer(loop, x, state)


WAYS = {"fused": run_layer, "unfused": run_unfused, "numpy": run_numpy}


def arrays_of(layer):
    """The layer's weights as NumPy arrays, by name."""
    return {name: weight.detach().numpy() for name, weight in layer.named_parameters()}
