"""A model as one web page that runs it: weights, vocabulary and program in a file of its own."""

import base64
import hashlib
import html
from importlib.resources import files
from typing import Any

from charrnn.display.stdout import filled, json_in_page, on_one_line
from charrnn.extras.export.page_graphs import page_graphs, page_weights
from charrnn.extras.export.page_model import about, model_in_page
from charrnn.extras.export.rounding import DtypeName, rounded_weights
from charrnn.extras.export.traced import model_graphs
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import valid_unicode

_WRITING = ("network.js", "tokenizer.js", "sampler.js")
ENGINE = (*_WRITING, "predict.js", "picture.js", "sound.js")
"""The scripts that need no page: a JavaScript engine runs them by themselves."""

_LEADS = {
    "text": "A language model that writes in this page. Nothing leaves it.",
    "label": "A classifier that works in this page. Nothing leaves it.",
    "tag": "A model that tags a text in this page. Nothing leaves it.",
    "sequence": "A model that writes what it reads in another form. Nothing leaves this page.",
}


def html_page(checkpoint: Checkpoint, dtype: DtypeName, quality: str | None = None) -> str:
    """The page, which may load and send nothing. `quality` is what it says of that.

    UsageError if a weight does not fit `dtype`, or nobody can type, draw or record what is read.
    """
    model, weights = page_data(checkpoint, dtype)
    model["about"] = about(checkpoint, dtype) | ({} if quality is None else {"quality": quality})
    page, scripts = "write", [*_WRITING, "page.js", "write.js"]
    if not checkpoint.is_language_model:
        page, scripts = "task", [*ENGINE, "page.js", "task.js", f"read_{model['input']}.js"]
    script, style = "".join(map(source, scripts)), source("page.css")
    parts = {
        "policy": f"default-src 'none'; script-src '{_digest(script)}'; "
        f"style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'",
        "title": html.escape(on_one_line(valid_unicode(checkpoint.run))),
        "lead": _LEADS[model["kind"]],
        "style": style,
        "classes": f"{page} {model['input']}",
        "main": source(f"{page}.html"),
        "model": json_in_page(model),
        "weights": base64.b64encode(weights).decode(),
        "script": script,
    }
    return filled(source("page.html"), parts)


def page_data(checkpoint: Checkpoint, dtype: DtypeName) -> tuple[dict[str, Any], bytes]:
    """What the scripts are given: a model as JSON has it, and the bytes of its weights.

    UsageError as `html_page`.
    """
    model, graphs = model_in_page(checkpoint), model_graphs(checkpoint, 1)
    for graph in graphs.values():
        graph.weights = rounded_weights(graph.weights, dtype)
    listed, packed = page_weights(graphs, dtype)
    return model | {"graphs": page_graphs(graphs), "weights": listed}, packed


def source(name: str) -> str:
    """A file of the page, as it was written."""
    return (files("charrnn.extras.export") / "page" / name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
