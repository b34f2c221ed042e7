"""A model as one web page that plays it: weights, vocabulary and program in a file of its own."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.display.stdout import filled, json_in_page, on_one_line
from charrnn.errors import UsageError
from charrnn.extras.export.graph import DYNAMIC, Body, Graph, Shape
from charrnn.extras.export.rounding import DtypeName, quantized, rounded_weights
from charrnn.extras.export.traced import step_graph
from charrnn.inference.sampling import start_of
from charrnn.network.language_model import LanguageModel
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Tokenizer, valid_unicode
from charrnn.text.tokenizers.subword_model import read_model
from charrnn.text.tokenizers.subwords import Subwords

ENGINE = ("network.js", "tokenizer.js", "sampler.js")
"""The scripts that need no page: a JavaScript engine runs them by themselves."""

_STORED = {"fp32": "<f4", "fp16": "<f2"}


def html_page(checkpoint: Checkpoint, dtype: DtypeName, quality: str | None = None) -> str:
    """The page of a language model. `quality` is what it says of that.

    UsageError if a weight does not fit `dtype`.
    """
    about = about_model(checkpoint, dtype) | ({} if quality is None else {"quality": quality})
    model = {"tokenizer": page_tokenizer(checkpoint.tokenizer), "about": about}
    graphs = language_graph(checkpoint, dtype)
    return page_of(checkpoint.run, "page.html", (*ENGINE, "page.js"), model, graphs, dtype)


def page_of(
    title: str, template: str, scripts: Sequence[str], model: Mapping[str, Any],
    graphs: Mapping[str, Graph], dtype: DtypeName, more: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """A page of scripts and a model, which may load and send nothing. `more`: texts in it."""
    weights, packed = page_weights(graphs, dtype)
    script, style = "".join(map(source, scripts)), source("page.css")
    parts = {
        "policy": f"default-src 'none'; script-src '{_digest(script)}'; "
        f"style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'",
        "title": html.escape(on_one_line(valid_unicode(title))),
        "style": style,
        "model": json_in_page({**model, "graphs": page_graphs(graphs), "weights": weights}),
        "weights": base64.b64encode(packed).decode(),
        "script": script,
    }
    return filled(source(template), {**parts, **(more or {})})


def source(name: str) -> str:
    """A file of the page, as it was written."""
    return (files("charrnn.extras.export") / "page" / name).read_text("utf-8")


def language_graph(checkpoint: Checkpoint, dtype: DtypeName) -> dict[str, Graph]:
    """The graph of a language model's step."""
    network = LanguageModel(checkpoint.model, checkpoint.weights)
    return rounded_graphs({"step": step_graph(network)}, dtype)


def rounded_graphs(graphs: dict[str, Graph], dtype: DtypeName) -> dict[str, Graph]:
    """The graphs, with the weights that are left of a model."""
    for graph in graphs.values():
        graph.weights = rounded_weights(graph.weights, dtype)
    return graphs


def page_graphs(graphs: Mapping[str, Graph]) -> dict[str, Any]:
    """Graphs as network.js runs them, by their names."""
    return {
        name: {**_body(graph), "outputs": dict(zip(graph.outputs, graph.results, strict=True))}
        for name, graph in graphs.items()
    }


def _body(body: Body) -> dict[str, Any]:
    nodes = [
        [
            node.operation, node.inputs, node.output, _sizes(node.shape), node.options,
            _body(node.body) if node.body else None,
        ]
        for node in body.nodes
    ]  # fmt: skip
    return {
        "inputs": {name: _sizes(shape) for name, (shape, _) in body.inputs.items()},
        "nodes": nodes,
        "outputs": dict(enumerate(body.results)),
    }


def _sizes(shape: Shape) -> list[int | str | list[int | str]]:
    """A shape: its numbers, the names of sizes, or [how often, the name]."""
    named: dict[int, list[int | str]] = {}
    for size in shape:
        for unit, name in DYNAMIC.items():
            if size >= unit and size % unit == 0:
                named[size] = [size // unit, name]
    return [DYNAMIC.get(size, named.get(size, size)) for size in shape]


def page_weights(
    graphs: Mapping[str, Graph], dtype: DtypeName
) -> tuple[list[dict[str, Any]], bytes]:
    """Name, shape and kind of each weight, and the bytes of all, one after the other."""
    listed, packed = [], []
    for graph_name, graph in graphs.items():
        for name, array in {**graph.weights, **graph.constants}.items():
            whole = name in graph.constants or (dtype == "int8" and array.ndim < 2)
            kind = "fp32" if whole else dtype
            about = {"graph": graph_name, "name": name, "shape": list(array.shape), "kind": kind}
            listed.append(about)
            packed.append(_bytes(array, kind))
    return listed, b"".join(packed)


def _bytes(array: NDArray[np.float32], kind: str) -> bytes:
    """Little-endian numbers; of int8 the scale (float32) of each row, then the rows."""
    if kind == "int8":
        numbers, scales = quantized(array)
        return scales.astype("<f4").tobytes() + numbers.tobytes()
    return array.astype(_STORED[kind]).tobytes()


def page_tokenizer(tokenizer: Tokenizer) -> dict[str, Any]:
    """A tokenizer as tokenizer.js reads it: its tokens, and by what rule a text becomes them."""
    if tokenizer.whole:
        raise UsageError(
            "a page writes texts, and this model was trained on numbers",
            "Export an ONNX graph with --onnx, or continue the series with charrnn forecast.",
        )
    page: dict[str, Any] = {
        "kind": tokenizer.kind,
        "tokens": _tokens(tokenizer),
        "end": tokenizer.end,
        "start": tokenizer.encode(start_of(tokenizer)).tolist(),
        "whole": tokenizer.single_bytes is not None,
    }
    if isinstance(tokenizer, Subwords):
        scores = read_model(tokenizer.kind, tokenizer.model)
        letters = set("".join(scores))
        page["scores"] = list(scores.values())
        # Browsers know other versions of Unicode than Python does.
        page["words"] = "".join(sorted(c for c in letters if re.match(r"\w", c)))
    return page


def _tokens(tokenizer: Tokenizer) -> list[str | int]:
    """The text that each token stands for, or its byte."""
    tokens: list[str | int] | None = getattr(tokenizer, "tokens", None)
    if tokens is not None:
        return tokens
    end = [] if tokenizer.end is None else [tokenizer.symbols[tokenizer.end]]
    return [*range(256), *end]


def about_model(checkpoint: Checkpoint, dtype: DtypeName) -> dict[str, str]:
    """The facts that stand below the text."""
    kind, size = checkpoint.tokenizer.kind, checkpoint.tokenizer.size
    return {
        "cell": f"{checkpoint.model.cell} {checkpoint.model.size.replace('x', '×')}",  # noqa: RUF001  (it is read)
        "parameters": f"{checkpoint.parameters:,}",
        "vocabulary": f"{size:,} {kind} tokens",
        "weights": dtype,
    }


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
