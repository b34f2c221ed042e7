"""A layer with weights that hide nothing, an input and a state, for any cell."""

import numpy as np
import torch

from charrnn.engine.module import Module
from charrnn.network.layers import Layer, loop
from charrnn.settings import ModelSettings

B, D, H = 3, 5, 7  # H divides by none of 2, 4 and 6, and fills all modules of the clockwork


def untrained_layer(cell, inputs, hidden, dtype=torch.float32):
    """A layer in torch, as it begins."""

    def build(_, weights):
        return Layer(cell, weights)

    return Module(ModelSettings(), cell.parameters(inputs, hidden), build).to(dtype).network


def random_state(name, shape):
    """An array (B, K) of a state. Clocks count, and sums of weights are above zero."""
    if name == "time":
        return torch.full((B, *shape), 12.0).double()
    return torch.rand(B, *shape).double() + 0.5 if name == "n" else torch.randn(B, *shape).double()


def example(cell, steps):
    """A layer in float64, x (T, B, D), a state of (B, H) each. All biases differ from 0."""
    torch.manual_seed(1)
    layer = untrained_layer(cell, D, H, torch.float64)
    with torch.no_grad():
        for weight in layer.weights.values():
            weight.add_(torch.randn_like(weight) * 0.2)
    state = tuple(map(random_state, cell.states, cell.state_shapes(H)))
    return layer, torch.randn(steps, B, D, dtype=torch.float64), state


def run_kernel(layer, x, state):
    """What torch's fastest function of the cell computes, as NumPy arrays."""
    with torch.no_grad():
        outputs, after = layer.run(x, state)
    return outputs.numpy(), tuple(array.numpy() for array in after)


def run_loop(layer, x, state):
    """The same by a loop over the cell's equations in torch."""
    with torch.no_grad():
        outputs, after = loop(layer.cell, layer.weights, x, state)
    return outputs.numpy(), tuple(array.numpy() for array in after)


def run_numpy(layer, x, state):
    """The same in NumPy."""
    arrays = Layer(layer.cell, arrays_of(layer))
    return arrays.run(x.numpy(), tuple(array.numpy() for array in state))


def run_steps(layer, x, state):
    """The same in NumPy, one call of `Layer.step` after the other."""
    arrays, after = Layer(layer.cell, arrays_of(layer)), tuple(array.numpy() for array in state)
    outputs = []
    for values in x.numpy():
        after = arrays.step(values, after)
        outputs.append(after[0])
    return np.stack(outputs), after


WAYS = {"kernel": run_kernel, "loop": run_loop, "numpy": run_numpy, "steps": run_steps}


def arrays_of(layer):
    """The layer's weights as NumPy arrays, by name."""
    return {name: weight.detach().numpy() for name, weight in layer.weights.items()}
