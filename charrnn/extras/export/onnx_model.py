"""A model as an ONNX graph: of one step, or of a sequence of any length.

Inputs are `ids` and the arrays of the state, `state.0.h` for the first layer's output; outputs are
`logits` and the state after them, `next.0.h`. A text begins with zeros as its state.
"""

import json
from typing import Any, Literal

import numpy as np
from onnx import ValueInfoProto, checker, helper

from charrnn import __version__
from charrnn.extras.export.graph import Graph, trace
from charrnn.extras.export.onnx_nodes import OPERATORS, Nodes, recurrent_layers
from charrnn.extras.export.rounding import DtypeName, rounded_network
from charrnn.network.language_model import LanguageModel
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import to_json, valid_unicode

GraphName = Literal["step", "sequence"]

_OPSET, _IR = 17, 8  # of 2022: what is older lacks nothing that is used here
_ABOUT = {
    "step": "ids (batch) and state (batch, numbers) -> logits (batch, vocabulary) and next state.",
    "sequence": "ids (time, batch) and state (batch, numbers) -> "
    "logits (time, batch, vocabulary) and the state after the last step.",
}


def onnx_model(checkpoint: Checkpoint, dtype: DtypeName, graph: GraphName) -> bytes:
    """The file: weights, graph, vocabulary and settings. The same model gives the same bytes.

    UsageError if a weight does not fit `dtype`.
    """
    by_operators = (
        graph == "sequence" and checkpoint.model.cell in OPERATORS and not checkpoint.model.residual
    )
    exact = LanguageModel(checkpoint.model, checkpoint.weights)
    network = rounded_network(exact, dtype, as_table=not by_operators)
    traced, nodes = trace(network), Nodes(dtype)
    if by_operators:
        results = recurrent_layers(nodes, network)
    else:
        results = (_step if graph == "step" else _scan)(nodes, traced)
    names = ["logits", *_names(traced, "next")]
    for name, result in zip(names, [results[0], *results[1]], strict=True):
        nodes.add("Identity", [result], name)
    time = ["time"] * (graph == "sequence")
    onnx_graph = helper.make_graph(
        [*nodes.weight_nodes, *nodes.nodes],
        "charrnn",
        [_tensor("ids", [*time, "batch"], np.int64), *_state(traced, "state")],
        [_tensor("logits", [*time, "batch", traced.vocabulary_size]), *_state(traced, "next")],
        nodes.initializers,
        doc_string=_ABOUT[graph],
    )
    model = helper.make_model(
        onnx_graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR,
        producer_name="charrnn", producer_version=__version__, doc_string=_ABOUT[graph],
    )  # fmt: skip
    helper.set_model_props(model, _metadata(checkpoint, graph))
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _step(nodes: Nodes, graph: Graph) -> tuple[str, list[str]]:
    """The nodes of one step; the names of its logits and of the next state."""
    nodes.add_graph(graph)
    return graph.logits, [name for layer in graph.next_state for name in layer]


def _scan(nodes: Nodes, graph: Graph) -> tuple[str, list[str]]:
    """The step as the body of a loop over time; the names of its logits and of the last state."""
    body = Nodes(nodes.dtype)
    logits, results = _step(body, graph)
    nodes.initializers += body.initializers  # the body reads them from outside
    nodes.weight_nodes += body.weight_nodes
    after = [body.add("Identity", [name], f"after.{n}") for n, name in enumerate(results)]
    inside = dict(zip(_names(graph, "state"), _names(graph, "before"), strict=True))
    inside["ids"] = "ids of a step"
    for node in body.nodes:
        node.input[:] = [inside.get(name, name) for name in node.input]
    state = [_tensor(name, ["batch", size])
             for name, size in zip(after, _sizes(graph), strict=True)]  # fmt: skip
    inner = helper.make_graph(
        body.nodes,
        "step",
        [*_state(graph, "before"), _tensor("ids of a step", ["batch"], np.int64)],
        [*state, _tensor(logits, ["batch", graph.vocabulary_size])],
    )
    outputs = [*_names(graph, "last"), "logits of all steps"]
    nodes.add("Scan", [*_names(graph, "state"), "ids"], *outputs, body=inner, num_scan_inputs=1)
    return outputs[-1], outputs[:-1]


def _tensor(name: str, shape: list[Any], dtype: Any = np.float32) -> ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, shape)


def _names(graph: Graph, kind: str) -> list[str]:
    """The names of a state's arrays: `state.0.h`, or of another kind, `next.0.h`."""
    return [name.replace("state", kind, 1) for layer in graph.state for name in layer]


def _sizes(graph: Graph) -> list[int]:
    """How many numbers each of these has, for one sequence."""
    return graph.state_sizes * len(graph.state)


def _state(graph: Graph, kind: str) -> list[ValueInfoProto]:
    """The arrays of a state, by those names."""
    named = zip(_names(graph, kind), _sizes(graph), strict=True)
    return [_tensor(name, ["batch", size]) for name, size in named]


def _metadata(checkpoint: Checkpoint, graph: GraphName) -> dict[str, str]:
    """What the file says of the model: JSON, by key."""
    about = {
        **checkpoint.describe(),
        "graph": graph,
        "step": checkpoint.step,
        "loss": checkpoint.loss,
        "tokenizer": to_json(checkpoint.tokenizer),
    }
    symbols = [valid_unicode(symbol) for symbol in checkpoint.tokenizer.symbols]
    return {
        "charrnn": json.dumps(about, sort_keys=True),
        "vocabulary": json.dumps(symbols),
    }
