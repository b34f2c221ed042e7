"""Models of random weights."""

from typing import Any

import numpy as np

from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.layout import parameter_shapes
from charrnn.text.tokenizers import Tokenizer


def random_checkpoint(
    tokenizer: Tokenizer, seed: int = 0, scale: float = 0.3, corpus_key: str = "", **settings: Any
) -> Checkpoint:
    """A model whose weights are normal, with this standard deviation."""
    model = ModelSettings(**{"hidden_size": 24, "embedding_size": 8, "dropout": 0.0} | settings)
    random = np.random.default_rng(seed)
    weights = {
        name: random.normal(size=shape).astype(np.float32) * np.float32(scale)
        for name, shape in parameter_shapes(model, tokenizer.size).items()
    }
    about = ("random", model, TrainSettings(), TextSettings(), "tale", corpus_key)
    return Checkpoint(*about, tokenizer=tokenizer, step=1, loss=None, weights=weights)
