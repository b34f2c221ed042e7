"""A model on examples as one web page: type, draw or speak, and see what it predicts."""

import html
from collections.abc import Mapping
from typing import Any

from charrnn.errors import UsageError
from charrnn.extras.export.html_page import about_model, page_of, page_tokenizer, rounded_graphs
from charrnn.extras.export.rounding import DtypeName
from charrnn.extras.export.traced import task_graphs
from charrnn.settings import ModelSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import task_of
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.inputs.picture import PictureInput
from charrnn.tasks.inputs.sound import SoundInput
from charrnn.tasks.inputs.text import TextInput
from charrnn.tasks.outputs.alignment import AlignedOutput
from charrnn.tasks.outputs.base import Output
from charrnn.tasks.outputs.label import LabelOutput
from charrnn.tasks.outputs.sequence import SequenceOutput
from charrnn.tasks.outputs.tags import TagOutput
from charrnn.text.tokenizers import Tokenizer, valid_unicode
from charrnn.text.unknown import PLAIN_OF, stand_in

ENGINE = ("network.js", "tokenizer.js", "sampler.js", "predict.js", "picture.js", "sound.js")
"""The scripts that need no page."""
_LEADS = {
    "label": "A classifier that works in this page. Nothing leaves it.",
    "tag": "A model that tags a text in this page. Nothing leaves it.",
    "sequence": "A model that writes what it reads in another form. Nothing leaves this page.",
}
_ACCEPT = {"text": "", "picture": "image/*", "sound": "audio/*"}
"""The files that may be chosen, by the input."""


def task_page(checkpoint: Checkpoint, dtype: DtypeName, quality: str | None = None) -> str:
    """The page. `quality` is what it says of that.

    UsageError if a weight does not fit `dtype`, or nobody can type, draw or record what is read.
    """
    task = example_task(checkpoint)
    model = task_model(task, checkpoint.tokenizer)
    graphs = rounded_graphs(task_graphs(task, checkpoint.weights, batch=1), dtype)
    about = about_model(checkpoint, dtype)
    if not task.input.has_text:
        del about["vocabulary"]
    about[task.output.counted] = f"{len(checkpoint.target_vocabulary):,}"
    model["about"] = about | ({} if quality is None else {"quality": quality})
    name = task.input.name
    parts = {"lead": html.escape(_LEADS[model["kind"]]), "input": name, "accept": _ACCEPT[name]}
    scripts = *ENGINE, "task.js", f"read_{name}.js"
    return page_of(checkpoint.run, "task.html", scripts, model, graphs, dtype, parts)


def example_task(checkpoint: Checkpoint) -> ExampleTask:
    """The task of a checkpoint."""
    task = task_of(checkpoint.model, checkpoint)
    assert isinstance(task, ExampleTask)
    return task


def task_model(task: ExampleTask, tokenizer: Tokenizer) -> dict[str, Any]:
    """What the scripts must know of a model beside its graphs, as JSON has it. UsageError."""
    output, source = task.output, task.input
    model: dict[str, Any] = {"targets": [*map(valid_unicode, output.names)]}
    kind, more = _OUTPUTS[type(output)]
    model |= {"kind": kind, **more(output, task.model)}
    if isinstance(source, TextInput):
        return model | {
            "tokenizer": page_tokenizer(tokenizer), "space": source.space,
            "aligned": source.separator is not None, "plain": PLAIN_OF,
            "other": stand_in(tokenizer),
        }  # fmt: skip
    if isinstance(source, SoundInput):
        clips = source.settings
        return model | {"sound": {"rate": clips.sample_rate, "stack": clips.frame_stack}}
    if not isinstance(source, PictureInput) or len(source.input_shape) != 3:
        raise UsageError(
            f"the model reads {source.described}: a page reads texts, pictures and sound alone",
            "Take --onnx.",
        )
    return model | {"picture": source.input_shape[1:], "columns": source.grid[1]}


def _of_labels(output: Any, _: ModelSettings) -> Mapping[str, Any]:
    return {"several": output.several}


def _of_tags(output: Any, _: ModelSettings) -> Mapping[str, Any]:
    """What each tag says of spans, as `Scheme.read` has it."""
    return {"marks": [*map(output.scheme.read, output.names)]}


def _of_symbols(output: Any, _: ModelSettings) -> Mapping[str, Any]:
    return {"between": output.between}


def _of_alignments(output: Any, settings: ModelSettings) -> Mapping[str, Any]:
    return {"between": output.between, "ctc": settings.ctc_frames}


_OUTPUTS: Mapping[type[Output], tuple[str, Any]] = {
    LabelOutput: ("label", _of_labels),
    TagOutput: ("tag", _of_tags),
    SequenceOutput: ("sequence", _of_symbols),
    AlignedOutput: ("sequence", _of_alignments),
}
"""What the scripts call an output, and what they must know of it."""
