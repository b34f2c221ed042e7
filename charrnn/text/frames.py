"""Series and videos as arrays of frames: .npy and CSV files, animated GIF, WebP and PNG."""

import csv
import io
import os
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, plural
from charrnn.text.pictures import fitted, grey_of, load_array, open_input, opened_picture
from charrnn.values import frame_rate, picture_size

SUFFIXES = (".npy", ".csv", ".gif", ".webp", ".png", ".apng")
_FORMATS = ("GIF", "PNG", "WEBP")
_MOST = 100_000  # frames
_NUMBERS = 1 << 25  # in all frames
_LARGEST = 1e100  # whose squares are finite
_LEAST_SECONDS = 0.01  # that a frame of an animation is shown: browsers show none for less
_HINT = "Save (T, D) or (T, rows, columns) with numpy.save; or name a CSV, GIF, WebP or PNG."


def load_frames(path: str, size: str, rate: str | None) -> NDArray[Any]:
    """Features (T, D) as float64, or grey frames (T, height, width) as bytes, T at least 1.

    Frames are fitted into `size` as pictures are. `rate` thins, as `values.frame_rate` reads it:
    an animated picture by the times of its frames, anything else by their number. TextError if
    they cannot be read, MissingError where Pillow is missing and needed.
    """
    per_second, every = frame_rate(rate)
    with open_input(path) as file:
        lower = path.lower()
        if lower.endswith((".npy", ".csv")):
            if per_second:
                raise TextError(
                    f"{path} does not say when its frames are",
                    "Thin it by number: --frame-rate 1/5 reads every fifth frame.",
                )
            is_array = lower.endswith(".npy")
            frames = load_array(file, path, _HINT) if is_array else _table(file, path)
            return _checked(frames, path, size, every)
        shown = islice(_animation(file, path, size, per_second), _MOST + 1)
        return _checked(np.stack([*shown]), path, size, every)


def frame_seconds(rate: str | None) -> float | None:
    """Seconds from one frame that is read to the next, where a rate says so many a second."""
    per_second, _ = frame_rate(rate)
    return 1 / per_second if per_second else None


def is_series(path: str) -> bool:
    """Whether a file is itself a CSV of numbers, after a header at most."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        head = file.read(1 << 16).decode("utf-8", "replace").splitlines()[:2]
    return bool(head) and _numbers(_cells(head[-1], _delimiter(head[-1])))


def _checked(array: NDArray[Any], path: str, size: str, every: int) -> NDArray[Any]:
    """Every so many frames of an array or a table, of the kind and the size that are stored."""
    if array.ndim not in (2, 3):
        raise TextError(f"{path} holds an array of {plural(array.ndim, 'dimension')}", _HINT)
    array = array[::every]
    if len(array) > _MOST or array.size > _NUMBERS:
        raise TextError(
            f"{path} has {len(array):,} frames and {array.size:,} numbers",
            f"{_MOST:,} frames and {_NUMBERS:,} numbers are read at most: cut it, or thin it.",
        )
    if not np.isfinite(array).all():
        raise TextError(f"{path} has numbers that are missing or not finite", "Fill them in.")
    if array.ndim == 2:
        series: NDArray[np.float64] = array.astype(np.float64)
        if np.abs(series).max() > _LARGEST:
            raise TextError(f"{path} has numbers beyond {_LARGEST:g}", "Scale them down.")
        return series
    if array.dtype != np.uint8:
        if array.min() < 0 or array.max() > 1:
            raise TextError(
                f"{path} has shades from {array.min():g} to {array.max():g}",
                "Save frames as bytes (uint8), or as numbers from 0 to 1.",
            )
        array = np.rint(array * 255).astype(np.uint8)
    return np.stack([_fitted(frame, size) for frame in array])


def _fitted(frame: NDArray[np.uint8], size: str) -> NDArray[np.uint8]:
    """A grey frame of that size."""
    if frame.shape == picture_size(size):
        return frame
    from PIL import Image

    return _of_size(Image.fromarray(frame), size)


def _of_size(grey: Any, size: str) -> NDArray[np.uint8]:
    """A picture of Pillow as a frame (height, width)."""
    frame: NDArray[np.uint8] = fitted(grey, *picture_size(size))[0]
    return frame


def _table(file: BinaryIO, path: str) -> NDArray[np.float64]:
    """A CSV of one series: a row a frame, a column a feature, after a header or without one."""
    try:
        lines = file.read().decode("utf-8-sig").splitlines()
        lines = [line for line in lines if line.strip()]
        delimiter = _delimiter(lines[0])
        rows = lines if _numbers(_cells(lines[0], delimiter)) else lines[1:]
        text = io.StringIO("\n".join([rows[0], *rows[1:]]))  # an IndexError without a row
        table: NDArray[np.float64] = np.loadtxt(text, delimiter=delimiter, ndmin=2, comments=None)
    except (ValueError, IndexError, csv.Error) as error:
        reason = "it has no numbers" if isinstance(error, IndexError) else str(error)
        hint = "A series is a CSV of numbers alone, a row a frame; a header may name its columns."
        raise TextError(f"{path} is not a series: {reason}", hint) from None
    return table


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _numbers(cells: list[str]) -> bool:
    """Whether all cells are numbers."""
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


def _animation(
    file: BinaryIO, path: str, size: str, per_second: float | None
) -> Iterator[NDArray[np.uint8]]:
    """The frames of an animated picture: all, or those that are shown so often a second."""
    with opened_picture(file, path, _FORMATS) as picture:
        count = getattr(picture, "n_frames", 1)
        if count > _MOST:
            raise TextError(f"{path} has {count:,} frames", f"{_MOST:,} are read at most: cut it.")
        ends = due = 0.0  # seconds: when a frame ends, and when the next one to read is due
        for number in range(count):
            picture.seek(number)
            picture.load()
            frame = _of_size(grey_of(picture.copy()), size)
            if not per_second:
                yield frame
                continue
            ends += max(_LEAST_SECONDS, picture.info.get("duration", 0) / 1000)
            while due < ends - 1e-9:
                due += 1 / per_second
                yield frame
