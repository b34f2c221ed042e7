"""Models of random weights, to compress with."""

from functools import partial

from charrnn.settings import TextSettings
from charrnn.text.tokenizers import BPE, Bytes, Characters, Unigram
from tests import random_models
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


random_checkpoint = partial(
    random_models.random_checkpoint, scale=0.5, hidden_size=8, embedding_size=4, layers=1
)
"""A small model of random weights."""
