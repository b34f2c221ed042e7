"""Small networks to sample from."""

import numpy as np
from charrnn.storage.layout import parameter_shapes

from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings


def constant(p):
    """A model that gives these probabilities (V,), whatever it has read."""
    model = ModelSettings(hidden_size=2, embedding_size=2, layers=1)
    shapes = parameter_shapes(model, len(p))
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    with np.errstate(divide="ignore"):
        weights["head.bias"] = np.log(np.array(p, np.float32))
    return LanguageModel(model, weights)


def untrained(cell="lstm", vocabulary_size=6, hidden_size=8, layers=2, scale=0.3):
    """A model of random weights, whose texts depend on what it has read."""
    model = ModelSettings(cell=cell, hidden_size=hidden_size, embedding_size=4, layers=layers)
    rng = np.random.default_rng(5)
    shapes = parameter_shapes(model, vocabulary_size)
    draw = rng.standard_normal
    return LanguageModel(model, {n: (scale * draw(s)).astype(np.float32) for n, s in shapes.items()})
