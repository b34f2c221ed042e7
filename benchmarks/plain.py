"""The loops that everybody writes, to be measured against: `python -m benchmarks.plain train ...`.

train: nn.Embedding, an fp32 nn.LSTM or nn.GRU of two layers, nn.Linear, AdamW, with the state
carried and the gradient clipped. sample: the same network, a character a call.
"""

import argparse
import json
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

VOCABULARY_SIZE = 65


class Plain(nn.Module):
    """Embedding, recurrent layers, linear."""

    def __init__(self, cell: str, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY_SIZE, 64)
        self.rnn = getattr(nn, cell.upper())(64, hidden_size, 2)
        self.head = nn.Linear(hidden_size, VOCABULARY_SIZE)

    def forward(self, ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        """ids (T, B) -> logits (T, B, V), state."""
        y, state = self.rnn(self.embedding(ids), state)
        return self.head(y), state


def train(cell: str, hidden_size: int, batch_size: int, seq_length: int, seconds: float) -> float:
    """Characters a second."""
    model: Any = Plain(cell, hidden_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    text = torch.randint(VOCABULARY_SIZE, (seq_length + 1, batch_size))
    state, steps, begun = None, -3, 0.0
    while steps < 5 or time.perf_counter() - begun < seconds:
        if steps == 0:
            begun = time.perf_counter()
        logits, state = model(text[:-1], state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        loss = F.cross_entropy(logits.reshape(-1, VOCABULARY_SIZE), text[1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        steps += 1
    return steps * batch_size * seq_length / (time.perf_counter() - begun)


@torch.inference_mode()
def sample(cell: str, hidden_size: int, seconds: float) -> float:
    """Characters a second, one stream."""
    model: Any = Plain(cell, hidden_size).eval()
    token, state, count, begun = torch.zeros(1, 1, dtype=torch.long), None, -20, 0.0
    while count < 20 or time.perf_counter() - begun < seconds:
        if count == 0:
            begun = time.perf_counter()
        logits, state = model(token, state)
        token = torch.multinomial(F.softmax(logits[0, 0], -1), 1)[None]
        token.item()
        count += 1
    return count / (time.perf_counter() - begun)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["train", "sample"])
    parser.add_argument("--cell", default="lstm")
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seq-length", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--no-onednn", action="store_true")
    given = parser.parse_args()
    if given.no_onednn:
        torch.backends.mkldnn.set_flags(_enabled=False)
    if given.work == "train":
        rate = train(
            given.cell, given.hidden_size, given.batch_size, given.seq_length, given.seconds
        )
    else:
        rate = sample(given.cell, given.hidden_size, given.seconds)
    print(json.dumps({"rate": rate}))


if __name__ == "__main__":
    main()
