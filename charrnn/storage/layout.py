"""The layout of a network: the name and shape of every parameter, written once.

The torch network registers its parameters under these names, a checkpoint holds them, and the
NumPy network reads them.
"""

import math

from charrnn.cells import CELLS
from charrnn.settings import ModelSettings

Shapes = dict[str, tuple[int, ...]]


def parameter_shapes(model: ModelSettings, vocabulary_size: int) -> Shapes:
    """Name -> shape of every parameter.

    One-hot inputs need no embedding; tied output weights are the embedding's.
    """
    shapes: Shapes = {"head.bias": (vocabulary_size,)}
    if not model.tie_weights:
        shapes["head.weight"] = (vocabulary_size, model.hidden_size)
    if not model.one_hot:
        shapes["embedding.weight"] = (vocabulary_size, model.embedding_size)
    inputs = vocabulary_size if model.one_hot else model.embedding_size
    for layer in range(model.layers):
        for name, shape in CELLS[model.cell].shapes(inputs, model.hidden_size).items():
            shapes[f"layers.{layer}.{name}"] = shape
        inputs = model.hidden_size
    return shapes


def parameter_count(model: ModelSettings, vocabulary_size: int) -> int:
    """How many numbers a network of these settings learns."""
    return sum(map(math.prod, parameter_shapes(model, vocabulary_size).values()))


def recurrent_parameter_count(model: ModelSettings, vocabulary_size: int) -> int:
    """Parameters that a token is multiplied with: all but the embedding, which is looked up."""
    shapes = parameter_shapes(model, vocabulary_size)
    return sum(math.prod(shape) for name, shape in shapes.items() if name != "embedding.weight")
