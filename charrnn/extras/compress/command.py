"""charrnn compress and decompress: a file as the bits that a model needs for it, and back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charrnn.cli.completion import run_names
from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import Json, OutputFlag, Quiet, Replace, binary_path
from charrnn.cli.process import use_one_numpy_thread
from charrnn.display.stdout import write_bytes
from charrnn.errors import UsageError, check_package
from charrnn.events import Noticed
from charrnn.text.source_files import open_source, read_whole

if TYPE_CHECKING:
    from charrnn.storage.checkpoint import Checkpoint

_SUFFIX = ".crnn"
_LARGEST = 1 << 28  # bytes that are read: a network takes hours for them

File = Annotated[str, typer.Argument(metavar="FILE", help="any file, or - for stdin")]
Compressed = Annotated[
    str, typer.Argument(metavar="FILE", help="a file of charrnn compress, or - for stdin")
]
_run = partial(typer.Option, "--run", metavar="RUN", autocompletion=run_names)
RunToUse = Annotated[
    str | None,
    _run(help="a run's name, folder, model file or URL", show_default="the run trained last"),
]
RunOfFile = Annotated[
    str | None,
    _run(help="the run that has compressed it", show_default="found among the runs here"),
]
NewFile = Annotated[
    str | None, OutputFlag(metavar="OUT", show_default=f"FILE{_SUFFIX}, or stdout for stdin")
]
Original = Annotated[
    str | None,
    OutputFlag(metavar="OUT", show_default=f"FILE without {_SUFFIX}, or stdout for stdin"),
]
Dynamic = Annotated[
    bool, typer.Option("--dynamic", help="keep training on what has been read; needs the corpus")
]


def compress(
    file: File,
    run: RunToUse = None,
    output: NewFile = None,
    dynamic: Dynamic = False,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compress a file with a model: the better it predicts the file, the smaller the result.

    Any file will do. To read it back, the same model is needed, on the same kind of machine.
    """
    path = binary_path(output or ("-" if file == "-" else file + _SUFFIX), yes, json)
    with _frame(quiet, json) as command:
        from charrnn.extras.compress.stream import compress as compress_bytes
        from charrnn.text.compressors import xz_size

        checkpoint = command.load_language_model(run)
        if checkpoint.tokenizer.whole:
            raise UsageError(
                f"run {checkpoint.run} rounds numbers, so that a file would not come back",
                "Name a run that was trained on a text.",
            )
        with open_source(file) as source:
            original = read_whole(source, file, _LARGEST)
        start = time.perf_counter()
        compressed = compress_bytes(original, checkpoint, command.emit, dynamic=dynamic)
        record = _record(checkpoint, len(original), len(compressed), start)
        write_bytes(compressed, path)
        xz_bytes = xz_size(original)
        command.emit(Noticed(f"{_summary(record)} xz: {xz_bytes:,} bytes."))
        command.show_record(record | {"dynamic": dynamic, "xz_bytes": xz_bytes})


def decompress(
    file: Compressed,
    run: RunOfFile = None,
    output: Original = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Read a compressed file back: the same bytes come out, or an error.

    Nothing is written before all of it has been checked.
    """
    path = binary_path(output or _original(file), yes, json)
    with _frame(quiet, json) as command:
        from charrnn.extras.compress.stream import decompress_by_any, models_of, read_compressed

        with open_source(file) as source:
            compressed = read_compressed(source, file, _LARGEST)
        checkpoints = [command.load_language_model(run)] if run else models_of(compressed)
        start = time.perf_counter()
        original, checkpoint = decompress_by_any(compressed, checkpoints, command.emit)
        record = _record(checkpoint, len(original), len(compressed), start)
        write_bytes(original, path)
        command.emit(Noticed(_summary(record)))
        command.show_record(record)


@contextmanager
def _frame(quiet: bool, json: bool) -> Iterator[Frame]:
    """The frame of a command whose NumPy rounds alike everywhere. MissingError: no coder."""
    use_one_numpy_thread()
    with frame(quiet=quiet, json=json) as command:
        check_package("constriction", "files are compressed", "compress")
        yield command


def _original(file: str) -> str:
    """The name of the file that was compressed. UsageError where it does not tell."""
    if file == "-":
        return "-"
    name = file.removesuffix(_SUFFIX)
    if name == file:
        raise UsageError(
            f"the name of {file} does not end in {_SUFFIX}", "Name the file to write: -o OUT."
        )
    return name


def _record(checkpoint: "Checkpoint", size: int, compressed: int, start: float) -> dict[str, Any]:
    """The sizes, in bytes, of the original and of what stands for it; the time since `start`."""
    seconds = time.perf_counter() - start
    return {
        "run": checkpoint.run,
        "bytes": size,
        "compressed_bytes": compressed,
        "bits_per_byte": 8 * compressed / size if size else None,
        "ratio": size / compressed,
        "seconds": seconds,
        "bytes_per_second": size / seconds,
    }


def _summary(record: dict[str, Any]) -> str:
    size, small = record["bytes"], record["compressed_bytes"]
    bits = f", {record['bits_per_byte']:.3f} bits per byte" if size else ""
    return (
        f"{size:,} bytes compressed to {small:,}{bits}, ratio {record['ratio']:.2f}, by run "
        f"{record['run']}, at {record['bytes_per_second']:,.0f} bytes a second."
    )
