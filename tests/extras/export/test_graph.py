"""A traced step is the network's step, whoever runs its nodes."""

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.extras.export.graph import trace
from charrnn.network.language_model import LanguageModel
from tests.extras.export.vocabularies import FEW, MANY
from tests.random_models import random_checkpoint

FUNCTIONS = {
    "tanh": np.tanh, "negative": np.negative, "logaddexp": np.logaddexp, "add": np.add,
    "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "remainder": np.mod,
    "greater": np.greater, "greater_equal": np.greater_equal, "equal": np.equal,
    "where": np.where, "gather": lambda table, ids: table[ids],
    "matmul": lambda x, weight: x @ weight.T,
    "concat": lambda *arrays: np.concatenate(arrays, -1),
    "exp": np.exp, "sqrt": np.sqrt, "abs": np.abs, "maximum": np.maximum,
}  # fmt: skip


def run(graph, values):
    """Every node in order, by NumPy."""
    for node in graph.nodes:
        inputs = [values[value] if isinstance(value, str) else value for value in node.inputs]
        if node.operation == "slice":
            found = inputs[0][..., node.start : node.start + node.size]
        elif node.operation == "repeat":
            groups = np.split(inputs[0], inputs[0].shape[-1] // node.group, axis=-1)
            times = node.size // inputs[0].shape[-1]
            found = np.concatenate([group for group in groups for _ in range(times)], -1)
        elif node.operation == "group_sums":
            groups = np.split(inputs[0], node.size, axis=-1)
            found = np.stack([group.sum(-1) for group in groups], -1)
        else:
            found = FUNCTIONS[node.operation](*inputs)
        assert found.shape[-1] == node.size
        values[node.output] = found
    return values


@pytest.mark.parametrize(
    ("tokenizer", "inputs"),
    [
        (FEW, {"embedding_size": 32}),
        (FEW, {"one_hot": True}),
        (MANY, {"embedding_size": 8}),
        (MANY, {"embedding_size": 8, "residual": True}),
    ],
    ids=["table", "one-hot", "embedding", "residual"],
)
@pytest.mark.parametrize("cell", CELLS)
def test_a_traced_step_is_the_step(cell, tokenizer, inputs):
    """An operation that is not recorded, or that reads what a later one makes."""
    checkpoint = random_checkpoint(tokenizer, cell=cell, scale=0.15, layers=2, **inputs)
    network = LanguageModel(checkpoint.model, checkpoint.weights)
    graph, state = trace(network), network.zero_state(2)
    before = {name: array for names, layer in zip(graph.state, state, strict=True)
              for name, array in zip(names, layer, strict=True)}  # fmt: skip
    for ids in np.random.default_rng(1).integers(tokenizer.size, size=(15, 2)):
        expected, state = network.step(ids, state)
        found = run(graph, {**graph.weights, **before, "ids": ids})
        assert found[graph.logits] == pytest.approx(expected, abs=1e-5)
        before = {name: found[after] for names, results in
                  zip(graph.state, graph.next_state, strict=True)
                  for name, after in zip(names, results, strict=True)}  # fmt: skip
    names = [name for layer in graph.next_state for name in layer]
    assert len(set(names)) == len(names)


def test_a_graph_has_the_smaller_of_table_and_embedding():
    """A page that is many times as large as its model."""
    for tokenizer, folded in ((FEW, True), (MANY, False)):
        checkpoint = random_checkpoint(tokenizer, embedding_size=32)
        graph = trace(LanguageModel(checkpoint.model, checkpoint.weights))
        assert ("table" in graph.weights) == folded
        assert sum(weight.size for weight in graph.weights.values()) < 1.1 * checkpoint.parameters
