"""What is done to symbols is what is done to arrays, whoever runs the nodes."""

from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from onnx import helper

from charrnn.cells.arrays import linear, namespace, softmax
from charrnn.cells.functions import softplus
from charrnn.extras.export.graph import BATCH, LENGTH
from charrnn.extras.export.onnx_nodes import Nodes, tensor
from charrnn.extras.export.symbols import Recorder
from charrnn.extras.export.traced import model_graphs
from charrnn.network.recurrent_encoder import gather
from tests.extras.export.vocabularies import FEW, MANY
from tests.random_models import random_checkpoint

RNG = np.random.default_rng(5)
X, IDS, TABLE = (
    RNG.normal(size=(3, 2, 4)).astype("f"),
    np.array([[2, 0], [1, 2]]),
    RNG.normal(size=(5, 4)).astype("f"),
)
FUNCTIONS = {
    "a number, a slice, a new axis": lambda g: g.x[:, 1, None, 1:3],
    "an ellipsis, a last number": lambda g: g.x[..., -1],
    "rows of a table": lambda g: g.t[g.ids] + g.t[1:2],
    "broadcasting": lambda g: g.x[0] * g.x[:, :1] - 2 / g.t[0],
    "comparisons and arithmetic with them": lambda g: (g.x > g.t[0]) * g.x + (g.x <= 1),
    "where": lambda g: g.xp.where(g.x > 0, g.x, -1),
    "whole numbers": lambda g: g.xp.astype((g.ids - 1) * 3 + 2, g.xp.float32) / 2,
    "sums, means and maxima": lambda g: g.x.sum(0) + g.x.mean(2)[0, 0] + g.xp.max(g.x, axis=0),
    "how many": lambda g: (g.x > 0).sum(0),
    "softmax": lambda g: softmax(g.x),
    "permuted, reshaped": lambda g: g.xp.reshape(g.xp.permute_dims(g.x, (1, 2, 0)), (4, 2, -1)),
    "side by side": lambda g: g.xp.concat((g.x, g.x[..., :0], g.x[..., 2:]), axis=-1),
    "one above the other": lambda g: g.xp.stack([g.x[0], g.x[1]]),
    "repeated": lambda g: g.xp.broadcast_to(g.x[:1], (3, 2, 4)) + g.xp.zeros_like(g.x),
    "rows of sequences": lambda g: gather(g.x, g.ids),
    "products": lambda g: g.xp.matmul(linear(g.x, g.t), g.t) @ g.t[0],
    "functions": lambda g: g.xp.tanh(g.xp.sqrt(g.xp.exp(-g.x))) + g.xp.maximum(g.x, 0 * g.x),
    "constants alone": lambda g: g.x * (g.xp.arange(4, device=g.x.device) * 6 // 4 % 2),
    "softplus": lambda g: softplus(9 * g.x),
}  # fmt: skip


def in_onnx(results, graph, **arrays):
    """What onnxruntime makes of a graph."""
    nodes = Nodes(graph.finished({"result": results}), "fp32")
    inputs = [tensor(name, *about) for name, about in graph.inputs.items()]
    kinds = [tensor(name, *about) for name, about in graph.outputs.items()]
    made = helper.make_graph([*nodes.first, *nodes.nodes], "g", inputs, kinds, nodes.initializers)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, arrays)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_symbols_is_the_function(name):
    """An axis counted from the other end; a number of another type; a constant stored twice."""
    function = FUNCTIONS[name]
    expected = function(SimpleNamespace(xp=np, x=X, ids=IDS, t=TABLE))
    graph = Recorder()
    x, ids = graph.input("x", X.shape), graph.input("ids", IDS.shape, "int")
    table = graph.weight("table", TABLE)
    result = function(SimpleNamespace(xp=namespace(x), x=x, ids=ids, t=table))
    assert result.shape == expected.shape
    found = in_onnx(result, graph, x=X, ids=IDS)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_sizes_that_are_not_known_yet_go_wherever_they_are_needed():
    """A graph that works for the batch that it was traced with alone."""
    graph = Recorder()
    x = graph.input("x", (LENGTH, BATCH, 4))
    xp = namespace(x)
    steps = xp.astype(xp.arange(len(x), device=x.device)[:, None], xp.float32)
    flat = xp.reshape(x * steps[..., None], (len(x), -1, 2, 2)) + xp.zeros(
        (len(x), x.shape[1], 2, 2), device=x.device
    )
    for shape in ((3, 2, 4), (1, 5, 4)):
        array = RNG.normal(size=shape).astype("f")
        expected = (array * np.arange(shape[0])[:, None, None]).reshape(*shape[:2], 2, 2)
        np.testing.assert_allclose(in_onnx(flat, graph, x=array), expected, rtol=1e-6)


def test_a_graph_has_the_smaller_of_table_and_embedding():
    """A page that is many times as large as its model."""
    for tokenizer, folded in ((FEW, True), (MANY, False)):
        checkpoint = random_checkpoint(tokenizer, embedding_size=32)
        graph = model_graphs(checkpoint, 1)[""]
        assert ("table" in graph.weights) == folded
        assert sum(weight.size for weight in graph.weights.values()) < 1.1 * checkpoint.parameters
