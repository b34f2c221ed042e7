"""Pictures and features from elsewhere as arrays of one shape."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import MissingError, TextError, to_install
from charrnn.files import open_regular
from charrnn.values import picture_size

_LARGEST = 1 << 28  # bytes of a file
_FORMATS = ("PNG", "JPEG")  # of all that Pillow knows: for EPS it would start another program


def load_input(path: str, size: str) -> NDArray[Any]:
    """A picture as bytes (1, height, width), or what a .npy file holds as float32 (cells, D).

    A picture is made grey and fitted into `size`, its sides in proportion, and what is left over is
    filled with the colour of its border. Features may be (D,), (cells, D) or (rows, columns, D).
    TextError if it cannot be read, MissingError where Pillow is missing.
    """
    with open_input(path) as file:
        if path.endswith(".npy"):
            return _features(file, path)
        with opened_picture(file, path, _FORMATS) as opened:
            grey = grey_of(opened)
        return fitted(grey, *picture_size(size))


def open_input(path: str) -> BinaryIO:
    """The file of a picture or of features. TextError for what is not there, or no regular file."""
    hint = "Check its name, and the folder that it starts from."
    try:
        return open_regular(path, _LARGEST)
    except FileNotFoundError:
        raise TextError(f"there is no file {path}", hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TextError(f"{path:.200} cannot be read: {reason}", hint) from None


def as_inputs(stored: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Inputs as a corpus stores them, (N) rows of bytes -> (N, *shape): pixels are -1 to 1."""
    if len(shape) == 2:
        features = np.ascontiguousarray(stored).view("<f4").astype(np.float32, copy=False)
        return features.reshape(-1, *shape)
    return (stored.reshape(-1, *shape).astype(np.float32) - 127.5) / 127.5


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Shades of grey (height, width) as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def load_array(file: BinaryIO, path: str, hint: str) -> NDArray[Any]:
    """The numbers in a .npy file. TextError, with this hint, where it holds something else."""
    try:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # whatever its header makes Python's parser raise
        raise TextError(f"{path} cannot be read: {error}", hint) from None
    if array.dtype.kind not in "fiu" or not array.size:
        raise TextError(f"{path} does not hold an array of numbers", hint)
    return array


def _features(file: BinaryIO, path: str) -> NDArray[np.float32]:
    hint = "Save an array of numbers with numpy.save: (D,), (cells, D) or (rows, columns, D)."
    array = load_array(file, path, hint)
    if array.ndim not in (1, 2, 3):
        raise TextError(f"{path} holds an array of {array.ndim} dimensions", hint)
    with np.errstate(over="ignore"):
        features = array.reshape(-1, array.shape[-1]).astype("<f4")
    if not np.isfinite(features).all():
        raise TextError(f"{path} holds numbers that are not finite", hint)
    return features


@contextmanager
def opened_picture(file: BinaryIO, path: str, formats: tuple[str, ...]) -> Iterator[Any]:
    """A block that reads a picture of Pillow, of one of these formats.

    TextError where it is damaged, too large or no such picture, MissingError without Pillow.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise MissingError(
            "pictures need Pillow, which is not installed",
            to_install("caption"),
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as opened:
                yield opened
    except TextError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        most = f"{Image.MAX_IMAGE_PIXELS:,}"
        raise TextError(f"{path} has more than {most} pixels", "Make it smaller.") from None
    except Exception as error:  # damaged data: of any kind, as each part of Pillow has its own
        wrong = isinstance(error, UnidentifiedImageError)
        reason = f"it is not {' or '.join(formats)}" if wrong else str(error)
        hint = f"Name a picture ({', '.join(formats)}), or a .npy file."
        raise TextError(f"{path} is not a picture that can be read: {reason}", hint) from None


def fitted(grey: Any, height: int, width: int) -> NDArray[np.uint8]:
    """A picture of Pillow in the middle of (1, height, width)."""
    from PIL import Image

    factor = min(height / grey.height, width / grey.width)
    inner = max(1, round(grey.width * factor)), max(1, round(grey.height * factor))
    if inner != grey.size:
        grey = grey.resize(inner, Image.Resampling.BILINEAR)
    pixels = np.asarray(grey, np.uint8)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    fitted = np.full((1, height, width), np.median(border), np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    fitted[0, top : top + inner[1], left : left + inner[0]] = pixels
    return fitted


def grey_of(picture: Any) -> Any:
    """A picture in shades of grey, upright, what is transparent in white. ValueError."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "F":
        raise ValueError("its shades are not whole numbers")
    if picture.mode.startswith("I"):  # 16 bits
        shades = np.asarray(picture).astype(np.int64) // 257
        return Image.fromarray(shades.clip(0, 255).astype(np.uint8))
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA"):
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("L")
