"""charrnn export: a model in a file that needs nothing of this package."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Json, OutputFlag, Quiet, Replace, Run, binary_path, exclude
from charrnn.display.stdout import write_bytes
from charrnn.display.wording import figure, where
from charrnn.errors import DivergedError, TextError, UsageError, check_package
from charrnn.events import Noticed
from charrnn.files import plain_name

if TYPE_CHECKING:
    from charrnn.extras.export.rounding import DtypeName
    from charrnn.storage.checkpoint import Checkpoint

_SCORED = 20_000
"""Tokens of the validation part that tell what rounding costs: a second or two."""

Html = Annotated[bool, typer.Option("--html", help="a web page that plays the model")]
Onnx = Annotated[bool, typer.Option("--onnx", help="an ONNX graph, for onnxruntime and others")]
FileName = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="the same as --output", show_default=False),
]
Output = Annotated[str | None, OutputFlag(show_default="RUN.html or RUN.onnx here")]
Dtype = Annotated[
    Literal["fp32", "fp16", "int8"] | None,
    typer.Option(
        help="numbers that the weights are stored in: fp32, fp16 or int8", metavar="NAME",
        show_default="fp16 for --html, fp32 for --onnx",
    ),
]  # fmt: skip
GraphName = Annotated[
    Literal["step", "sequence"] | None,
    typer.Option(
        "--graph", help="of --onnx: one step, or a sequence of any length",
        metavar="step|sequence", show_default="step",
    ),
]  # fmt: skip


def export(
    run: Run = None,
    file: FileName = None,
    html: Html = False,
    onnx: Onnx = False,
    output: Output = None,
    dtype: Dtype = None,
    graph: GraphName = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write a model to a file that works without this toolkit: a web page, or an ONNX graph."""
    run, output = _run_and_output(run, file, output)
    exclude(html=html, onnx=onnx)
    html = html or (not onnx and str(output).endswith(".html"))
    onnx = onnx or (not html and str(output).endswith(".onnx"))
    if not (html or onnx):
        raise UsageError("export needs a format", "Add --html or --onnx.")
    if html:
        exclude(html=html, graph=graph)
    with frame(quiet=quiet, json=json) as command:
        if onnx:
            check_package("onnx", "an ONNX graph is made", "onnx", ", or take --html")
        checkpoint = command.load_language_model(run)
        suffix = "html" if html else "onnx"
        path = binary_path(output or f"{plain_name(checkpoint.run)}.{suffix}", yes, json)
        weights_as: DtypeName = dtype or ("fp16" if html else "fp32")
        quality = _quality(checkpoint, weights_as, graph)
        if html:
            from charrnn.extras.export.html_page import html_page

            data = html_page(checkpoint, weights_as, _worded(quality)).encode()
        else:
            from charrnn.extras.export.onnx_model import onnx_model

            data = onnx_model(checkpoint, weights_as, graph or "step")
        write_bytes(data, path)
        where = str(path or "stdout")
        command.emit(Noticed(_summary(where, len(data), weights_as, quality)))
        record = {"run": checkpoint.run, "file": where, "format": suffix, "bytes": len(data)}
        command.show_record(record | {"dtype": weights_as} | quality)


def _run_and_output(
    run: str | None, file: str | None, output: str | None
) -> tuple[str | None, str | None]:
    """The run and the file: of one argument the file where it ends as one does."""
    if run and file is None and run.endswith((".html", ".onnx")):
        run, file = None, run
    if file is not None and output is not None:
        raise UsageError("the file is named twice", "Leave -o or the argument out.")
    return run, file or output


def _quality(
    checkpoint: "Checkpoint", dtype: "DtypeName", graph: Literal["step", "sequence"] | None
) -> dict[str, Any]:
    """Bits per character of the model and of what is left of it, and where; or why not."""
    from charrnn.extras.export.rounding import rounded_network
    from charrnn.inference.score import score
    from charrnn.network.language_model import LanguageModel
    from charrnn.storage.runs import corpus_of
    from charrnn.storage.scores import recall_score

    exact = LanguageModel(checkpoint.model, checkpoint.weights)
    rounded = rounded_network(exact, dtype, as_table=graph != "sequence")
    try:
        valid = corpus_of(checkpoint, "export it without a score").part("valid")
        tokens = valid[:_SCORED]
        before = recall_score(checkpoint, tokens) or score(exact, tokens, checkpoint.tokenizer)
        after = score(rounded, tokens, checkpoint.tokenizer)
    except (TextError, DivergedError) as error:
        return {"not_scored": str(error)}
    protocol = "stream" if len(valid) <= _SCORED else f"stream, first {_SCORED:,} tokens"
    return {
        "step": checkpoint.step, "part": "valid", "protocol": protocol,
        "exact_bits_per_character": before.bits_per_character,
        "bits_per_character": after.bits_per_character,
    }  # fmt: skip


def _worded(quality: dict[str, Any]) -> str | None:
    """What a page says of its quality."""
    if "not_scored" in quality:
        return None
    bits = {"bits_per_character": quality["bits_per_character"]}
    return figure(bits, "character", quality)


def _summary(name: str, size: int, dtype: str, quality: dict[str, Any]) -> str:
    written = f"Written: {name}, {size / 1e6:.2f} MB, weights in {dtype}"
    if "not_scored" in quality:
        return f"{written}. Its quality was not measured: {quality['not_scored']}."
    before, after = quality["exact_bits_per_character"], quality["bits_per_character"]
    change = round(after - before, 4) + 0.0  # no minus before a zero
    return f"{written}. {after:.4f} bits per character{where(quality)}, {change:+.4f} by rounding."
