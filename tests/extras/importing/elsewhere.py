"""Networks that somebody has trained with plain PyTorch, and saved."""

import json

import torch
from safetensors.torch import save_file
from torch import nn

from charrnn.network.language_model import LanguageModel

CHARACTERS = "\n abcdeé"
SIZE = len(CHARACTERS)
TEXT = "abba é\ncade "


class Elsewhere(nn.Module):
    """What somebody trains with plain PyTorch. `embedding` 0: one-hot inputs."""

    def __init__(self, kind="LSTM", embedding=5, hidden=6, size=SIZE, **options):
        super().__init__()
        self.size, self.head = size, nn.Linear(hidden, size)
        if embedding:
            self.embedding = nn.Embedding(size, embedding)
        options.setdefault("num_layers", 1)
        self.rnn = getattr(nn, kind)(embedding or size, hidden, **options)

    def forward(self, ids):
        """ids (T,) -> logits (T, V)."""
        one_hot = not hasattr(self, "embedding")
        x = nn.functional.one_hot(ids, self.size).float() if one_hot else self.embedding(ids)
        return self.head(self.rnn(x)[0])


def saved(path, network, characters=CHARACTERS, change=None, **more):
    """The network in a file, after `change` of its tensors; metadata with the characters."""
    tensors = {name: weight.detach().clone() for name, weight in network.state_dict().items()}
    tensors = change(tensors) or tensors if change else tensors
    said = {} if characters is None else {"vocabulary": json.dumps(list(characters))}
    save_file({n: t.contiguous() for n, t in tensors.items()}, path, said | more)
    return path


def logits_of(checkpoint, text):
    network = LanguageModel(checkpoint.model, checkpoint.weights)
    ids = checkpoint.tokenizer.encode(text)
    return network.trace(ids, network.zero_state()).logits


def expected_of(network):
    with torch.no_grad():
        return network(torch.tensor([CHARACTERS.index(character) for character in TEXT])).numpy()


def renamed(tensors, *names):
    """The embedding, the recurrent layers and the output layer under other names."""
    for mine, other in zip(("embedding", "rnn", "head"), names, strict=True):
        tensors = {n.replace(f"{mine}.", f"{other}."): t for n, t in tensors.items()}
    return tensors


def in_order(network, bias=True):
    """The tensors in the order in which a network is usually written."""
    tensors = network.state_dict()
    first = ["embedding.weight", *(name for name in tensors if name.startswith("rnn."))]
    names = [*first, "head.weight", *(["head.bias"] if bias else [])]
    return {name: tensors[name] for name in names if name in tensors}
