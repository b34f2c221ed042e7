"""The layout of a network: the name and shape of every parameter, written once.

The torch network registers its parameters under these names, a checkpoint holds them, and the
NumPy network reads them.
"""

import math

from charrnn.cells import CELLS
from charrnn.settings import ModelSettings

Shapes = dict[str, tuple[int, ...]]
Sizes = tuple[int, int | None, tuple[int, ...]]
"""What a network's sizes depend on beside its settings: see `parameter_shapes`."""

POOLS = ((2, 2), (2, 2), (2, 1), (2, 1))
"""The pooling, by rows and columns, after each convolution of a picture."""


def parameter_shapes(
    model: ModelSettings,
    vocabulary_size: int,
    labels: int | None = None,
    input_shape: tuple[int, ...] = (),
) -> Shapes:
    """Name -> shape of every parameter.

    `labels`: how many labels, tags or symbols can be predicted, where that is not the vocabulary.
    `input_shape`: of a picture (1, height, width) or of features (cells, D), where no text is read.
    One-hot inputs need no embedding; tied output weights are the embedding's.
    """
    predicted = vocabulary_size if labels is None else labels
    if model.task == "text":
        shapes = _head(predicted, model.outputs, tied=model.tie_weights)
        return shapes | _recurrent(model, vocabulary_size)
    if model.task == "label":  # from the mean and the maximum of the outputs of all steps
        return _head(predicted, 2 * model.outputs) | _recurrent(model, vocabulary_size)
    if model.task == "tag":
        crf = {"transitions": (predicted, predicted), "first": (predicted,), "last": (predicted,)}
        shapes = _head(predicted, model.outputs) | _recurrent(model, vocabulary_size)
        return shapes | {f"crf.{name}": shape for name, shape in crf.items() if model.crf}
    encoder = _recurrent(model, vocabulary_size)
    if model.task == "caption":
        encoder = _picture_encoder(model, input_shape)
    return encoder | _decoder(model, predicted + 1)  # the text's end is predicted, too


def _head(predicted: int, features: int, *, tied: bool = False) -> Shapes:
    weight = {} if tied else {"head.weight": (predicted, features)}
    return {"head.bias": (predicted,), **weight}


def _recurrent(model: ModelSettings, vocabulary_size: int) -> Shapes:
    """The embedding and the recurrent layers, of one or both directions, that read a text."""
    shapes: Shapes = {}
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


def _picture_encoder(model: ModelSettings, input_shape: tuple[int, ...]) -> Shapes:
    """Convolutions of 3 x 3, or one product for features, and what each cell of the grid adds."""
    outputs, shapes = model.outputs, Shapes()
    if len(input_shape) == 2:
        shapes["encoder.features.weight"] = (outputs, input_shape[1])
        shapes["encoder.features.bias"] = (outputs,)
    else:
        channels = input_shape[0]
        for number, part in enumerate((8, 4, 2, 1)):
            wide = max(8, outputs // part) if part > 1 else outputs
            shapes[f"encoder.convolutions.{number}.weight"] = (wide, channels, 3, 3)
            shapes[f"encoder.convolutions.{number}.bias"] = (wide,)
            channels = wide
    count = cells(input_shape)
    shapes["encoder.positions"] = (count, outputs)
    if model.attention == "none":
        shapes["encoder.summary.weight"] = (outputs, count * outputs)
    return shapes


def grid(input_shape: tuple[int, ...]) -> tuple[int, int]:
    """The rows and columns of what the encoder makes of a picture, or of features."""
    if len(input_shape) == 2:
        return 1, input_shape[0]
    rows, columns = (math.prod(sides) for sides in zip(*POOLS, strict=True))
    return input_shape[1] // rows, input_shape[2] // columns


def cells(input_shape: tuple[int, ...]) -> int:
    """How many cells that grid has."""
    return math.prod(grid(input_shape))


def _decoder(model: ModelSettings, symbols: int) -> Shapes:
    """What writes a text: its layers, their first state, the attention, the output.

    All layers but the first read what the first one's outputs have found in the source, too.
    """
    cell, hidden, outputs = CELLS[model.cell], model.hidden_size, model.outputs
    first_state = model.layers * len(cell.states) * hidden
    shapes: Shapes = {
        "decoder.first_state.weight": (first_state, outputs),
        "decoder.first_state.bias": (first_state,),
        "decoder.embedding.weight": (symbols, model.embedding_size),
    }
    inputs = model.embedding_size
    for layer in range(model.layers):
        own = cell.shapes(inputs, hidden)
        shapes |= {f"decoder.layers.{layer}.{name}": shape for name, shape in own.items()}
        inputs = hidden + outputs
    if model.attention == "dot":
        shapes["attention.query"] = (outputs, hidden)
    elif model.attention == "additive":
        shapes["attention.query"] = (hidden, hidden)
        shapes["attention.key"] = (hidden, outputs)
        shapes["attention.score"] = (hidden,)
    return shapes | _head(symbols, hidden + outputs)


def parameter_count(
    model: ModelSettings,
    vocabulary_size: int,
    labels: int | None = None,
    input_shape: tuple[int, ...] = (),
) -> int:
    """How many numbers a network of these settings learns."""
    shapes = parameter_shapes(model, vocabulary_size, labels, input_shape)
    return sum(map(math.prod, shapes.values()))


def recurrent_parameter_count(
    model: ModelSettings,
    vocabulary_size: int,
    labels: int | None = None,
    input_shape: tuple[int, ...] = (),
) -> int:
    """Parameters that a token is multiplied with: all but the embeddings, which are looked up."""
    shapes = parameter_shapes(model, vocabulary_size, labels, input_shape)
    return sum(
        math.prod(shape) for name, shape in shapes.items() if not name.endswith("embedding.weight")
    )
