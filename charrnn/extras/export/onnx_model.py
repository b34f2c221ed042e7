"""A model as ONNX graphs: a language model as one, a task on examples as one or two.

`docs/onnx.md` has their inputs and outputs. A text begins with zeros as a language model's state.
"""

import json
from typing import Literal

from onnx import checker, helper

from charrnn import __version__
from charrnn.extras.export.graph import BATCH, Graph
from charrnn.extras.export.onnx_nodes import Nodes, tensor
from charrnn.extras.export.rounding import DtypeName, rounded_weights
from charrnn.extras.export.traced import model_graphs
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import to_json, valid_unicode

GraphName = Literal["step", "sequence"]

_OPSET, _IR = 18, 8  # of 2022: of what is used here newer ones have nothing else


def onnx_models(
    checkpoint: Checkpoint, dtype: DtypeName, kind: GraphName = "step"
) -> dict[str, bytes]:
    """The files of a model, by what they are: one without a name, or several.

    `kind`: of a language model. UsageError if a weight does not fit `dtype`.
    """
    graphs = model_graphs(checkpoint, BATCH, for_onnx=True, step=kind == "step")
    unnamed = kind if checkpoint.is_language_model else checkpoint.model.task
    return {n: _file(checkpoint, graph, dtype, n or unnamed) for n, graph in graphs.items()}


def _file(checkpoint: Checkpoint, graph: Graph, dtype: DtypeName, kind: str) -> bytes:
    """A graph with its weights and metadata."""
    graph.weights = rounded_weights(graph.weights, dtype)
    nodes = Nodes(graph, dtype)
    onnx_graph = helper.make_graph(
        [*nodes.first, *nodes.nodes],
        "charrnn",
        [tensor(name, *about) for name, about in graph.inputs.items()],
        [tensor(name, *about) for name, about in graph.outputs.items()],
        nodes.initializers,
    )
    model = helper.make_model(
        onnx_graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR,
        producer_name="charrnn", producer_version=__version__,
        doc_string=f"{', '.join(graph.inputs)} -> {', '.join(graph.outputs)}",
    )  # fmt: skip
    helper.set_model_props(model, _metadata(checkpoint, kind))
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _metadata(checkpoint: Checkpoint, graph: str) -> dict[str, str]:
    """What the file says of the model: JSON, by key."""
    about = {
        **checkpoint.describe(),
        "graph": graph,
        "step": checkpoint.step,
        "loss": checkpoint.loss,
        "tokenizer": to_json(checkpoint.tokenizer),
    }
    symbols = [valid_unicode(symbol) for symbol in checkpoint.tokenizer.symbols]
    targets = [valid_unicode(name) for name in checkpoint.target_vocabulary]
    return {
        "charrnn": json.dumps(about, sort_keys=True),
        "vocabulary": json.dumps(symbols),
        **({"target_vocabulary": json.dumps(targets)} if targets else {}),
    }
