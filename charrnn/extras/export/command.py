"""charrnn export: a model in a file that needs nothing of this package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Json, OutputFlag, Quiet, Replace, Run, binary_path, exclude
from charrnn.display.stdout import write_bytes
from charrnn.errors import UsageError, check_package
from charrnn.events import Noticed
from charrnn.files import plain_name
from charrnn.settings import no_effect

if TYPE_CHECKING:
    from charrnn.extras.export.rounding import DtypeName
    from charrnn.storage.checkpoint import Checkpoint

Format = Literal["html", "onnx"]
Html = Annotated[bool, typer.Option("--html", help="a web page that runs the model")]
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
        "--graph", help="of a language model as --onnx: one step, or a sequence of any length",
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
    kind = _format(html, onnx, output)
    if kind == "html":
        exclude(html=True, graph=graph)
    with frame(quiet=quiet, json=json) as command:
        if kind == "onnx":
            check_package("onnx", "an ONNX graph is made", "onnx", ", or take --html")
        checkpoint = command.load(run)
        if graph and not checkpoint.is_language_model:
            raise no_effect("graph", f"--task {checkpoint.model.task}", "name a language model")
        output = output or f"{plain_name(checkpoint.run)}.{kind}"
        weights_as: DtypeName = dtype or ("fp16" if kind == "html" else "fp32")
        files, quality, words = _made(checkpoint, kind, weights_as, graph or "step")
        if len(files) > 1 and output == "-":
            raise UsageError("the model is two files, and stdout is one", "Leave -o - out.")
        paths = {part: binary_path(_named(output, part), yes, json) for part in files}
        for part, data in files.items():
            write_bytes(data, paths[part])
        sizes = {str(paths[part] or "stdout"): len(data) for part, data in files.items()}
        listed = " and ".join(f"{name}, {size / 1e6:.2f} MB" for name, size in sizes.items())
        command.emit(Noticed(f"Written: {listed}, weights in {weights_as}. {words}"))
        for name, size in sizes.items():
            record = {"run": checkpoint.run, "file": name, "format": kind, "bytes": size}
            command.show_record(record | {"dtype": weights_as} | quality)


def _made(
    checkpoint: "Checkpoint", kind: Format, dtype: "DtypeName", graph: Literal["step", "sequence"]
) -> tuple[dict[str, bytes], dict[str, Any], str]:
    """Files by what is added to their name; the model's quality in them, and that in words."""
    from charrnn.extras.export.quality import in_words, on_page, quality_of

    quality = quality_of(checkpoint, dtype, as_table=graph == "step")
    if kind == "html":
        from charrnn.extras.export.html_page import html_page

        files = {"": html_page(checkpoint, dtype, on_page(quality)).encode()}
    else:
        from charrnn.extras.export.onnx_model import onnx_models

        files = onnx_models(checkpoint, dtype, graph)
    return files, quality, in_words(quality)


def _format(html: bool, onnx: bool, output: str | None) -> Format:
    """What is written, as a flag says, or as the name of the file ends."""
    exclude(html=html, onnx=onnx)
    if html or (not onnx and str(output).endswith(".html")):
        return "html"
    if onnx or str(output).endswith(".onnx"):
        return "onnx"
    raise UsageError("export needs a format", "Add --html or --onnx.")


def _named(output: str, kind: str) -> str:
    """The name of one of several files: RUN-encoder.onnx."""
    if not kind:
        return output
    path = Path(output)
    return str(path.with_name(f"{path.stem}-{kind}{path.suffix}"))


def _run_and_output(
    run: str | None, file: str | None, output: str | None
) -> tuple[str | None, str | None]:
    """The run and the file: of one argument the file where it ends as one does."""
    if run and file is None and run.endswith((".html", ".onnx")):
        run, file = None, run
    if file is not None and output is not None:
        raise UsageError("the file is named twice", "Leave -o or the argument out.")
    return run, file or output
