"""Sound as frames of features: logarithms of the energy in mel bands, 25 ms every 10 ms.

Stevens, Volkmann and Newman 1937, https://doi.org/10.1121/1.1915893 (mel); Davis and Mermelstein
1980, https://doi.org/10.1109/TASSP.1980.1163420 (bands for the recognition of speech).
"""

import io
import re
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from charrnn.errors import MissingError, TextError, to_install
from charrnn.text.pictures import open_input

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".mp3")
BANDS, HOP = 40, 0.010
"""Mel bands, and seconds from one frame to the next."""
_WINDOW = 0.025  # seconds
_FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3")
_LONGEST, _CHANNELS, _RATE = 600, 32, 384_000  # seconds, channels and samples a second at most
_PIECE = 1 << 16  # samples, or frames, at a time
_LARGEST_PAGE, _PAGE_HEAD = 65_307, 27  # bytes of Ogg; the last of the head counts segments
_SHORTER = r"^data : (\d+) \(should be|'ds64' chunk of (\d+)"  # in the notes of libsndfile
_UNKNOWN = (
    0x7FFF0000  # bytes, and more: what programs write that do not know how long sound will be
)
_LOUDEST_SILENCE = 1e-10  # energy of the least that 16 bits can hold

Samples = NDArray[np.float32]


def load_sound(path: str, rate: int, stack: int) -> NDArray[np.float32]:
    """The frames (T, stack * BANDS) of a clip: normalized log-mel features, `stack` side by side.

    TextError if it cannot be read, MissingError where soundfile or soxr is missing.
    """
    with open_input(path) as file:
        samples = _samples(file, path, rate)
    return stacked(normalized(log_mel(samples, rate)), stack)


def _samples(file: BinaryIO, path: str, rate: int) -> Samples:
    """The samples (N,) of all channels' mean, so many a second."""
    try:
        import soundfile
        import soxr
    except (ImportError, OSError):  # soundfile looks for the library that it needs
        raise MissingError(
            "sound needs soundfile and soxr, which are not installed", to_install("sound")
        ) from None
    try:
        with soundfile.SoundFile(file) as sound:
            _check(sound, path)
            blocks = sound.blocks(_PIECE, dtype="float32", always_2d=True)
            stream = soxr.ResampleStream(sound.samplerate, rate, 1, "float32")
            pieces = [stream.resample_chunk(block.mean(1)) for block in blocks]
            pieces.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
            is_cut = _is_cut(sound, file)
    except soundfile.LibsndfileError as error:
        hint = "Name a sound file: wav, flac, ogg or mp3."
        raise TextError(
            f"{path} is not sound that can be read: {error.error_string}", hint
        ) from None
    if is_cut:
        hint = "Copy it again: a recording that was not closed can be converted to a whole one."
        raise TextError(f"{path} is damaged: it ends before its sound does", hint)
    samples: Samples = np.concatenate(pieces)
    if not len(samples) or not np.isfinite(samples).all():
        raise TextError(f"{path} has no sound, or one that is not finite", "Record it again.")
    return samples


def _is_cut(sound: Any, file: BinaryIO) -> bool:
    """Whether a file that has been read to its end lacks some of its sound.

    Libsndfile decodes what there is, and notes what the header of a WAV says. The last page of Ogg
    is marked (RFC 3533). A FLAC that is cut cannot be decoded, and an MP3 promises nothing.
    """
    if sound.format == "OGG":
        file.seek(max(0, file.seek(0, io.SEEK_END) - _LARGEST_PAGE))
        tail = file.read()
        page = tail[tail.rfind(b"OggS") :].ljust(_PAGE_HEAD)
        segments = page[_PAGE_HEAD:][: page[_PAGE_HEAD - 1]]
        return not page[5] & 4 or len(page) < _PAGE_HEAD + len(segments) + sum(segments)
    noted = re.search(_SHORTER, sound.extra_info, re.MULTILINE)
    return noted is not None and int(noted[1] or noted[2]) < _UNKNOWN


def _check(sound: Any, path: str) -> None:
    """TextError for a format that is not named, and for sound that is too long."""
    if sound.format not in _FORMATS:
        hint = "Convert it to wav, flac, ogg or mp3."
        raise TextError(f"{path} is {sound.format_info}", hint)
    if sound.channels > _CHANNELS or sound.samplerate > _RATE:
        raise TextError(
            f"{path} has {sound.channels:,} channels of {sound.samplerate:,} samples a second",
            f"At most {_CHANNELS} of {_RATE:,} are read: convert it.",
        )
    if sound.frames > _LONGEST * sound.samplerate:
        raise TextError(
            f"{path} lasts {sound.frames / sound.samplerate:,.0f} s",
            f"At most {_LONGEST} s are read at once: cut it.",
        )


def log_mel(samples: Samples, rate: int) -> NDArray[np.float32]:
    """Samples (N,) -> logarithms of the energy in each band (T, BANDS), a row every 10 ms."""
    width, hop = round(_WINDOW * rate), round(HOP * rate)
    samples = np.pad(samples, (0, max(0, width - len(samples))))
    size = max(512, 1 << (width - 1).bit_length())
    window = np.hanning(width + 1)[:-1].astype(np.float32)
    bands = mel_bands(rate, size)
    windows = sliding_window_view(samples, width)[::hop]
    rows = []
    for start in range(0, len(windows), _PIECE >> 4):
        spectrum = np.fft.rfft(windows[start : start + (_PIECE >> 4)] * window, size)
        energy = (np.abs(spectrum) ** 2) @ bands
        rows.append(np.log(np.maximum(energy, _LOUDEST_SILENCE)).astype(np.float32))
    return np.concatenate(rows)


def mel_bands(rate: int, size: int) -> NDArray[np.float64]:
    """Triangles (size / 2 + 1, BANDS) that overlap by half, at equal distances in mel."""
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    frequencies = np.arange(size // 2 + 1)[:, None] * rate / size
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling))


def normalized(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Frames (T, D) with mean 0 and variance 1 in each band: how loud a clip is says nothing."""
    scaled: NDArray[np.float32] = (frames - frames.mean(0)) / np.maximum(frames.std(0), 1e-3)
    return scaled


def stacked(frames: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Frames (T, D), `count` side by side (T / count, count * D); zeros fill the last."""
    padded = np.pad(frames, ((0, -len(frames) % count), (0, 0)))
    return padded.reshape(-1, count * frames.shape[1])
