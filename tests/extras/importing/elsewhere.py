"""Networks that somebody has trained with plain PyTorch, and saved."""

import json

from safetensors.torch import save_file
from torch import nn

from charrnn.inference.network import Network

CHARACTERS = "\n abcdeé"
SIZE = len(CHARACTERS)


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
    network = Network(checkpoint.model, checkpoint.weights)
    ids = checkpoint.tokenizer.encode(text)
    return network.unroll(ids, network.zero_state()).logits
