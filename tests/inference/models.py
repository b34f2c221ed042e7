"""Small networks to sample from, and what samples."""

import numpy as np

from charrnn.evaluation import batch_sampling
from charrnn.inference import sampled_texts
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings
from charrnn.text.tokenizers import Characters
from tests.random_models import random_weights

LETTERS = Characters("abcdef")
BACKENDS = {"numpy": sampled_texts.sample_many, "torch": batch_sampling.sample_many}


def constant(p):
    """A model that gives these probabilities (V,), whatever it has read."""
    model = ModelSettings(hidden_size=2, embedding_size=2, layers=1)
    weights = random_weights(LanguageModel.parameters(model, len(p)), scale=0)
    with np.errstate(divide="ignore"):
        weights["head.bias"] = np.log(np.array(p, np.float32))
    return LanguageModel(model, weights)


def untrained(cell="lstm", vocabulary_size=6, hidden_size=8, layers=2, scale=0.3, residual=False):
    """A model of random weights, whose texts depend on what it has read."""
    model = ModelSettings(
        cell=cell, hidden_size=hidden_size, embedding_size=4, layers=layers, residual=residual
    )
    parameters = LanguageModel.parameters(model, vocabulary_size)
    return LanguageModel(model, random_weights(parameters, 5, scale))
