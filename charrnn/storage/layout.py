"""The layout of a network: the name and shape of every parameter, written once.

The torch network registers its parameters under these names, a checkpoint holds them, and the
NumPy network reads them.
"""

import math

from charrnn.cells import CELLS
from charrnn.settings import ModelSettings

Shapes = dict[str, tuple[int, ...]]


def parameter_shapes(
    model: ModelSettings, vocabulary_size: int, labels: int | None = None
) -> Shapes:
    """Name -> shape of every parameter. `labels`: how many there are, for a task with labels.

    One-hot inputs need no embedding; tied output weights are the embedding's. Labels are predicted
    from the mean and the maximum of the outputs of all steps.
    """
    predicted, features = vocabulary_size, model.outputs
    if labels is not None:
        predicted, features = labels, 2 * model.outputs
    shapes: Shapes = {"head.bias": (predicted,)}
    if not model.tie_weights:
        shapes["head.weight"] = (predicted, features)
    if not model.one_hot:
        shapes["embedding.weight"] = (vocabulary_size, model.embedding_size)
    inputs = vocabulary_size if model.one_hot else model.embedding_size
    for layer in range(model.layers):
        own = CELLS[model.cell].shapes(inputs, model.hidden_size)
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in own.items()}
        if model.bidirectional:
            shapes |= {f"layers.{layer}.reverse.{name}": shape for name, shape in own.items()}
        inputs = model.outputs
    return shapes


def parameter_count(model: ModelSettings, vocabulary_size: int, labels: int | None = None) -> int:
    """How many numbers a network of these settings learns."""
    return sum(map(math.prod, parameter_shapes(model, vocabulary_size, labels).values()))


def recurrent_parameter_count(
    model: ModelSettings, vocabulary_size: int, labels: int | None = None
) -> int:
    """Parameters that a token is multiplied with: all but the embedding, which is looked up."""
    shapes = parameter_shapes(model, vocabulary_size, labels)
    return sum(math.prod(shape) for name, shape in shapes.items() if name != "embedding.weight")
