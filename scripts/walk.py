"""Follow one token through training and one character through sampling: `python -m scripts.walk`.

Prints the shapes and the numbers that docs/how-it-works.md shows; a test compares the two. The
network is the smallest that learns something: after an l of "hello" comes an l or an o, and only
the state knows which.
"""

import math
import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import charrnn
from charrnn.cells.arrays import softmax
from charrnn.engine.devices import to_device
from charrnn.events import Evaluated
from charrnn.inference.sampling import generator_of, read_prompt, sample
from charrnn.network.language_model import LanguageModel, embed
from charrnn.settings import ModelSettings, SampleSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.runs import MODEL, TRAINING as TRAINING_STATE
from charrnn.tasks.base import Batch
from charrnn.text.corpus import Corpus
from charrnn.text.preparation import prepare
from charrnn.training.loop import clip_gradients, forward_backward, training_step
from charrnn.training.run import Plan, Run

TEXT = "hello " * 21
SPLIT: dict[str, Any] = {"split": "80/20/0"}
NETWORK: dict[str, Any] = {"layers": 1, "embedding_size": 3, "hidden_size": 4, "dropout": 0}
TRAINING: dict[str, Any] = {
    "batch_size": 2, "seq_length": 4, "steps": 150, "optimizer": "adamw", "learning_rate": 0.02,
    "warmup_steps": 0, "state_reset": 0, "seed": 1, "device": "cpu", "precision": "fp32",
}  # fmt: skip
SAMPLING = SampleSettings(prompt="hel", length=20, temp=0.8, seed=1)

SPINE = (
    "text/tokenizers/characters.py", "text/corpus.py", "tasks/inputs/text_batches.py",
    "cells/arrays.py", "cells/base.py", "cells/lstm.py",
    "network/layers.py", "network/language_model.py", "training/loop.py",
    "training/optimizers.py", "training/schedule.py", "inference/score.py",
    "storage/checkpoint.py", "inference/sampling.py", "inference/drawing.py",
)  # fmt: skip
"""The files that the page walks through, in its order."""


def row(values: Iterable[Any]) -> str:
    """Numbers in columns."""
    return " ".join(f"{float(value):6.3f}" for value in values).replace("-0.000", " 0.000")


def text_to_batch(corpus: Corpus, run: Run) -> Batch:
    """Stops 1 to 3: characters, ids, the first batch, which is given back."""
    tokenizer = corpus.tokenizer
    ids, decode = tokenizer.encode(TEXT[:6]), tokenizer.decoder()
    print("1 text to ids")
    print("vocabulary", *(repr(decode(token)) for token in range(tokenizer.size)))
    print(f"{TEXT[:6]!r} is", *ids)
    print("2 corpus")
    parts = [len(corpus.part(part)) for part in ("train", "valid")]
    print(f"{len(corpus.tokens)} ids of {corpus.tokens.dtype}: train {parts[0]}, valid {parts[1]}")
    print("3 batch")
    batch, after = run.batches.next(), run.batches.next()
    for step, read in enumerate((batch, after)):
        for number in range(run.batches.batch_size):
            inputs, targets = read.inputs[:, number], read.targets[:, number]
            shown = ["".join(map(decode, ids.tolist())) for ids in (inputs, targets)]
            print(f"batch {step}, sequence {number}:", *inputs, "{!r} -> {!r}".format(*shown))
    print(f"inputs and targets {batch.inputs.shape}, {run.batches.per_epoch} batches per epoch")
    return to_device(batch, run.plan.device)


@torch.no_grad()
def forward(run: Run, batch: Batch) -> None:
    """Stops 4 to 8: embedding, cell, layer, logits, loss."""
    network: LanguageModel = run.model.network
    x = embed(run.plan.model, network.weights, batch.inputs)
    print("4 embedding")
    print(f"x {tuple(x.shape)}, of the first token:", row(x[0, 0]))
    print("5 cell")
    layer, (state,) = network.layers[0], run.state
    z = layer.cell.project(layer.prepared, x)
    (h, c), gates = layer.cell.step_with_gates(layer.prepared, z[0], state)
    print(f"z {tuple(z.shape)}")
    for name, values in {**gates, "c": c, "h": h}.items():
        print(f"{name:6} {row(values[0])}")
    print("6 layer")
    outputs, after = layer.run(x, state)
    for time in range(len(outputs)):
        print(f"h after time step {time}: {row(outputs[time, 0])}")
    print(f"outputs {tuple(outputs.shape)}, state after {[tuple(array.shape) for array in after]}")
    logits, _ = network.forward(batch.inputs, run.state)
    probabilities = softmax(logits)
    print("7 logits")
    print("logits       ", row(logits[0, 0]))
    print("probabilities", row(probabilities[0, 0]))
    print(f"logits {tuple(logits.shape)}")
    loss, _ = run.plan.task.loss(network, batch, run.state, [])
    target = int(batch.targets[0, 0])
    print("8 loss")
    print(f"-log p({target}) = {-math.log(probabilities[0, 0, target]):.3f} nats")
    print(f"mean {loss:.3f} nats, {loss / math.log(2):.3f} bits; a guess has {math.log(5):.3f}")


def backward_and_step(run: Run, batch: Batch) -> None:
    """Stops 9 and 10: the gradient, clipped, and what one step makes of the output's bias."""
    _, run.state = forward_backward(run, [(slice(None), batch)], run.state)
    print("9 gradient")
    for name, parameter in run.model.named_parameters():
        assert parameter.grad is not None
        print(f"{name:22} {tuple(parameter.shape)!s:8} {parameter.grad.norm():.3f}")
    print(f"norm {clip_gradients(run):.3f}, clipped to {run.plan.train.grad_clip:g}")
    bias = run.model.weights["head.bias"]
    before, gradient = bias.detach().clone(), bias.grad
    assert gradient is not None
    carried = [array.requires_grad for array in run.state[0]]
    run.batches.step, run.state = 0, run.zero_state()  # the same step again, by the loop's function
    factor = run.learning_rate_factor
    training_step(run)
    print("10 step")
    print(f"learning rate {factor:g} x {run.plan.train.peak_learning_rate}")
    for what, values in (("before", before), ("gradient", gradient), ("after", bias.detach())):
        print(f"head.bias {what:8} {row(values)}")
    print(f"state carried: requires_grad {carried}; next factor {run.learning_rate_factor:g}")


def train_and_save(text: Path) -> Path:
    """Stops 11 and 12: the whole run, its validations, what it leaves on the disk: its folder."""
    print("11 bits per character")

    def show(event: object) -> None:
        if isinstance(event, Evaluated):
            bits = event.scores["bits_per_character"]
            best = ", the best so far" * event.best
            print(f"step {event.step:3}: {event.loss:.2f} nats = {bits:.2f} bits{best}")

    charrnn.train(text, run="hello", events=show, **SPLIT, **NETWORK, **TRAINING)
    folder = text.parent / "checkpoints" / "hello"
    print("12 files")
    for path in (folder / MODEL, folder / TRAINING_STATE):
        assert path.exists()
        print(path.name)
    for name, weight in load_checkpoint(folder / MODEL).weights.items():
        print(f"  {name:22} {weight.shape}")
    return folder


def sampled(folder: Path) -> None:
    """Stops 13 to 15: a prompt is read, a character drawn, a text written; by NumPy alone."""
    checkpoint = load_checkpoint(folder / MODEL)
    tokenizer = checkpoint.tokenizer
    network = LanguageModel(checkpoint.model, checkpoint.weights)
    assert SAMPLING.prompt
    prompt = read_prompt(network, tokenizer, SAMPLING.prompt)
    names = [repr(tokenizer.decoder()(token)) for token in range(tokenizer.size)]
    print("13 prompt")
    print(f"table {network.table.shape}, logits {prompt.logits.shape}")
    for layer in prompt.state:
        for name, array in zip(network.cell.states, layer, strict=True):
            print(f"{name} {array.shape}: {row(array)}")
    print("14 draw")
    temperature, _ = SAMPLING.temperatures
    warped = (prompt.logits - prompt.logits.max()) / temperature
    uniform = generator_of(SAMPLING.seed, 0).random(tokenizer.size)
    noise = -np.log(-np.log(uniform))
    print("               ", *(f"{name:>6}" for name in names))
    print("logits         ", row(prompt.logits))
    print("warped logits  ", row(warped))
    print("Gumbel noise   ", row(noise))
    print("sum            ", row(warped + noise))
    print("the largest is ", names[int(np.argmax(warped + noise))])
    print("15 text")
    first = sample(network, tokenizer, replace(SAMPLING, length=1))
    assert "".join(first) == SAMPLING.prompt + tokenizer.decoder()(int(np.argmax(warped + noise)))
    print(repr("".join(sample(network, tokenizer, SAMPLING))))


def main() -> None:
    """Print every stop."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["CHARRNN_HOME"] = home
        text = Path(home) / "hello.txt"
        text.write_text(TEXT, "utf-8")
        settings = TextSettings(**SPLIT)
        corpus = prepare([str(text)], settings, None, lambda _: None)
        run = Run(Plan(corpus, ModelSettings(**NETWORK), TrainSettings(**TRAINING), settings))
        batch = text_to_batch(corpus, run)
        forward(run, batch)
        backward_and_step(run, batch)
        sampled(train_and_save(text))


if __name__ == "__main__":
    main()
