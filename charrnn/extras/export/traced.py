"""The graphs of a model: its network, as it is written, called once with symbols."""

from typing import Any

from charrnn.cells.arrays import rows
from charrnn.cells.base import Weights
from charrnn.extras.export.graph import COUNT, LENGTH, Graph
from charrnn.extras.export.symbol_functions import Functions
from charrnn.extras.export.symbols import Recorder, Symbol
from charrnn.network.ctc import CTCHead
from charrnn.network.decoder import Decoder, Source
from charrnn.network.heads import TagHead
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import task_of
from charrnn.tasks.base import Batch
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.outputs.base import ExampleNetwork


class _Projections:
    """The table, each row of which is computed where it is looked up."""

    def __init__(self, network: LanguageModel) -> None:
        self._network = network

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return Functions

    def __getitem__(self, ids: Symbol) -> Any:
        return self._network.read(rows(self._network.embedding, ids))


def keeps_embedding(network: LanguageModel) -> bool:
    """Whether a graph looks up the embedding: where that takes fewer numbers than its table."""
    if network.embedding is None:
        return False
    projection = network.weights.get("layers.input.weight")
    if projection is None:
        projection = network.layers[0].prepared["weight_ih"]
    return bool(network.embedding.size + projection.size < network.table.size)


def model_graphs(
    checkpoint: Checkpoint, batch: int, *, for_onnx: bool = False, step: bool = True
) -> dict[str, Graph]:
    """The graphs of a model, for `batch` sequences at once: one without a name, or several.

    A language model's is one `step`, or of sequences of any length. `for_onnx`: with its operators
    for whole layers and convolutions.
    """
    task = task_of(checkpoint.model, checkpoint)
    if isinstance(task, ExampleTask):
        return _task_graphs(task, checkpoint.weights, Recorder(for_onnx=for_onnx), batch)
    network = LanguageModel(checkpoint.model, checkpoint.weights)
    return {"": _language_graph(network, Recorder(for_onnx=for_onnx), batch, step=step)}


def _language_graph(network: LanguageModel, graph: Recorder, batch: int, *, step: bool) -> Graph:
    """The graph of `step`, of ids (B,), or of `forward`, of ids (T, B), and the state before."""
    symbolic = LanguageModel(network.settings, _constants(graph, network.weights))
    if step:
        keeps = keeps_embedding(network)
        symbolic.table = _Projections(symbolic) if keeps else graph.weight("table", network.table)
    ids = graph.input("ids", (batch,) if step else (LENGTH, batch), "int")
    state = _state(graph, symbolic, symbolic.zero_state(batch))
    logits, after = symbolic.step(ids, state) if step else symbolic.forward(ids, state)
    return graph.finished({"logits": logits, **_named(network, after, "next")})


def _task_graphs(
    task: ExampleTask, weights: Weights, graph: Recorder, batch: int
) -> dict[str, Graph]:
    """The graphs of a network of an encoder, which `graph` is for, and a head."""
    source = task.input
    network = task.network(task.model, _constants(graph, weights))
    shape, lengths = source.input_shape, None
    if source.batch_axis:
        shape, lengths = (LENGTH, batch, *shape[1:]), graph.input("lengths", (batch,), "int")
    else:
        shape = batch, *shape
    inputs = graph.input("ids", shape, "int") if source.has_text else graph.input("inputs", shape)
    outputs, mask, _ = network.encode(Batch(inputs, None, lengths))
    head, results = network.head, dict[str, Symbol]()
    if isinstance(head, Decoder):
        return _with_decoder(network, outputs, mask)
    if isinstance(head, TagHead):
        results["logits"] = head.logits(outputs, graph.input("spans", (2, COUNT, batch), "int"))
        if task.model.crf:
            results["start_transitions"] = head.weights["crf.first"]
            results["transitions"] = head.weights["crf.transitions"]
            results["end_transitions"] = head.weights["crf.last"]
    elif isinstance(head, CTCHead):
        results["logits"], results["frames"] = head.logits(outputs, mask)
    else:
        results["logits"] = head.logits(outputs, mask)
    return {"": graph.finished(results)}


def _constants(graph: Recorder, weights: Weights) -> dict[str, Symbol]:
    return {name: graph.weight(name, array) for name, array in weights.items()}


def _with_decoder(network: ExampleNetwork, outputs: Symbol, mask: Symbol) -> dict[str, Graph]:
    """The encoder, and the decoder's step with what it needs of the encoder's outputs."""
    head = network.head
    source = head.source(outputs, mask, network.encoder.summary(outputs, mask))
    first, read = head.first_state(source), {n: a for n, a in source._asdict().items() if a}
    graph = Recorder()
    weights = {name: weight.array for name, weight in head.weights.items()}
    decoder = Decoder(head.settings, _constants(graph, weights))
    inputs = {name: graph.input(name, a.shape, a.dtype) for name, a in read.items()}
    symbols = graph.input("symbols", mask.shape[1:], "int")
    state = _state(graph, decoder, first)
    logits, after, attention = decoder.step(symbols, state, Source(**{"keys": None, **inputs}))
    results = {"logits": logits, **_named(decoder, after, "next")}
    if head.settings.attention != "none":
        results["attention"] = attention
    step = graph.finished(results, keep_inputs=False)
    needed = {name: array for name, array in read.items() if name in step.inputs}
    encoder = outputs.graph.finished(needed | _named(decoder, first, "state"))
    return {"encoder": encoder, "decoder": step}


def _state(graph: Recorder, network: Any, like: State) -> State:
    """Inputs for the arrays of a state, `state.0.h`, of the shapes of another one."""
    return tuple(
        tuple(
            graph.input(f"state.{layer}.{name}", array.shape)
            for name, array in zip(network.cell.states, arrays, strict=True)
        )
        for layer, arrays in enumerate(like)
    )


def _named(network: Any, state: State, kind: str) -> dict[str, Symbol]:
    """The arrays of a state by their names, `next.0.h` with the kind "next"."""
    return {
        f"{kind}.{layer}.{name}": array
        for layer, arrays in enumerate(state)
        for name, array in zip(network.cell.states, arrays, strict=True)
    }
