"""Networks and models of random weights."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.parameters import Parameters, listed
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Tokenizer


def random_weights(
    parameters: Parameters, seed: int = 0, scale: float = 0.3
) -> dict[str, NDArray[np.float32]]:
    """NumPy arrays by name: normal numbers with this standard deviation, as no network begins."""
    random = np.random.default_rng(seed)
    return {
        name: random.normal(size=parameter.shape).astype(np.float32) * np.float32(scale)
        for name, parameter in listed(parameters).items()
    }


def random_checkpoint(
    tokenizer: Tokenizer, seed: int = 0, scale: float = 0.3, corpus_key: str = "", **settings: Any
) -> Checkpoint:
    """A language model of random weights."""
    model = ModelSettings(**{"hidden_size": 24, "embedding_size": 8, "dropout": 0.0} | settings)
    weights = random_weights(LanguageModel.parameters(model, tokenizer.size), seed, scale)
    about = ("random", model, TrainSettings(), TextSettings(), "tale", corpus_key)
    return Checkpoint(*about, tokenizer=tokenizer, step=1, loss=None, weights=weights)


def untrained_module(vocabulary_size: int, seed: int = 0, **settings: Any) -> Any:
    """A language model in torch, as it begins."""
    import torch

    from charrnn.engine.module import Module

    torch.manual_seed(seed)
    model = ModelSettings(**{"dropout": 0.0} | settings)
    return Module(model, LanguageModel.parameters(model, vocabulary_size), LanguageModel)
