"""Models of random weights."""

from typing import Any

import numpy as np

from charrnn.cells.parameters import listed
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Tokenizer


def random_checkpoint(
    tokenizer: Tokenizer, seed: int = 0, scale: float = 0.3, corpus_key: str = "", **settings: Any
) -> Checkpoint:
    """A model whose weights are normal, with this standard deviation."""
    model = ModelSettings(**{"hidden_size": 24, "embedding_size": 8, "dropout": 0.0} | settings)
    random = np.random.default_rng(seed)
    weights = {
        name: random.normal(size=parameter.shape).astype(np.float32) * np.float32(scale)
        for name, parameter in listed(LanguageModel.parameters(model, tokenizer.size)).items()
    }
    about = ("random", model, TrainSettings(), TextSettings(), "tale", corpus_key)
    return Checkpoint(*about, tokenizer=tokenizer, step=1, loss=None, weights=weights)
