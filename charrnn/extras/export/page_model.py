"""What the scripts of a page must know of a model beside its graphs."""

import re
from typing import Any

from charrnn.errors import UsageError
from charrnn.extras.export.rounding import DtypeName
from charrnn.inference.sampling import start_of
from charrnn.settings import ModelSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import task_of
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.inputs.base import Input
from charrnn.tasks.inputs.picture import PictureInput
from charrnn.tasks.inputs.sound import SoundInput
from charrnn.tasks.inputs.text import TextInput
from charrnn.tasks.outputs.base import Output
from charrnn.tasks.outputs.label import LabelOutput
from charrnn.tasks.outputs.tags import TagOutput
from charrnn.text.tokenizers import Tokenizer, valid_unicode
from charrnn.text.tokenizers.subword_model import read_model
from charrnn.text.tokenizers.subwords import Subwords
from charrnn.text.unknown import PLAIN_OF, stand_in


def model_in_page(checkpoint: Checkpoint) -> dict[str, Any]:
    """A model as JSON has it. UsageError if nobody can type, draw or record what it reads."""
    task = task_of(checkpoint.model, checkpoint)
    if not isinstance(task, ExampleTask):
        return {"kind": "text", "input": "text", "tokenizer": page_tokenizer(checkpoint.tokenizer)}
    targets = {"targets": [*map(valid_unicode, task.output.names)]}
    return targets | _of_input(task.input) | _of_output(task.output, task.model)


def about(checkpoint: Checkpoint, dtype: DtypeName) -> dict[str, str]:
    """The facts that stand at the foot of a page."""
    task, tokenizer = task_of(checkpoint.model, checkpoint), checkpoint.tokenizer
    facts = {
        "cell": f"{checkpoint.model.cell} {checkpoint.model.size.replace('x', '×')}",  # noqa: RUF001  (it is read)
        "parameters": f"{checkpoint.parameters:,}",
        "weights": dtype,
    }
    if not checkpoint.input_shape:
        facts["vocabulary"] = f"{tokenizer.size:,} {tokenizer.kind} tokens"
    if isinstance(task, ExampleTask):
        facts[task.output.counted] = f"{len(checkpoint.target_vocabulary):,}"
    return facts


def _of_input(source: Input) -> dict[str, Any]:
    """How sources become arrays."""
    if isinstance(source, TextInput):
        return {
            "input": "text", "tokenizer": page_tokenizer(source.tokenizer), "space": source.space,
            "aligned": source.separator is not None, "plain": PLAIN_OF,
            "other": stand_in(source.tokenizer),
        }  # fmt: skip
    if isinstance(source, SoundInput):
        clips = source.settings
        return {"input": "sound", "rate": clips.sample_rate, "stack": clips.frame_stack}
    if isinstance(source, PictureInput) and len(source.input_shape) == 3:
        size = source.input_shape[1:]
        return {"input": "picture", "picture": size, "columns": source.grid[1]}
    read = "features" if isinstance(source, PictureInput) else source.name
    raise UsageError(
        f"a page reads texts, pictures and sound, and this model reads {read}",
        "Export an ONNX graph with --onnx.",
    )


def _of_output(output: Output, settings: ModelSettings) -> dict[str, Any]:
    """How a prediction is read from logits. Marks are what each tag says of spans."""
    if isinstance(output, LabelOutput):
        return {"kind": "label", "several": output.several}
    if isinstance(output, TagOutput):
        return {"kind": "tag", "marks": [*map(output.scheme.read, output.names)]}
    ctc = settings.ctc_frames if settings.decoder == "ctc" else None
    return {"kind": "sequence", "between": output.between, "ctc": ctc}


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
