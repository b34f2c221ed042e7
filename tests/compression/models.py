"""Models of random weights, to compress with."""

import numpy as np

from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.layout import parameter_shapes
from charrnn.text.tokenizers import BPE, Bytes, Characters, Unigram
from tests.conftest import tale

TOKENIZERS = {
    "char": lambda: Characters.learn([tale(500)], TextSettings()),
    "char without a newline": lambda: Characters("abc"),
    "char, documents": lambda: Characters.learn([tale(500)], TextSettings(document_per="line")),
    "char, rare as bytes": lambda: Characters.learn([tale(500)], TextSettings(min_count=2)),
    "byte": Bytes,
    "byte, utf8": lambda: Bytes(utf8=True),
    "byte, documents": lambda: Bytes(documents=True),
    "bpe": lambda: BPE.learn([tale(2000)], TextSettings(vocab_size=290)),
    "unigram": lambda: Unigram.learn(
        [tale(2000)], TextSettings(vocab_size=290, document_per="line")
    ),
}


def random_checkpoint(tokenizer, seed=0, scale=0.5, corpus_key="", **settings):
    """A model of random weights."""
    model = ModelSettings(hidden_size=8, embedding_size=4, layers=1, **settings)
    random = np.random.default_rng(seed)
    weights = {
        name: (random.normal(size=shape) * scale).astype(np.float32)
        for name, shape in parameter_shapes(model, tokenizer.size).items()
    }
    about = ("random", model, TrainSettings(), TextSettings(), "tale", corpus_key)
    return Checkpoint(*about, tokenizer=tokenizer, step=1, loss=None, weights=weights)
