"""Files of examples, made here, whose targets follow from their inputs."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from PIL import Image

from charrnn.settings import InputName, TaskName, TextSettings, flag, read
from charrnn.text.pictures import png_of


def words(draw: random.Random, letters: str = "abcdegh") -> str:
    """A made-up word."""
    return "".join(draw.choices(letters, k=draw.randrange(1, 9)))


def labelled(count: int, seed: int = 1) -> str:
    """Lines of made-up words: of the sea if they have an `s`, else of the fire if an `f`."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        label, letter = draw.choice([("sea", "s"), ("fire", "f"), ("air", "")])
        letters = [*words(draw)]
        letters.insert(draw.randrange(len(letters) + 1), letter)
        lines.append(f"{label}\t{''.join(letters)}\n")
    return "".join(lines)


def tagged(count: int, seed: int = 1) -> str:
    """Sentences: two tokens after `from` are an origin, one after `to` is a destination."""
    draw = random.Random(seed)
    sentences = []
    for _ in range(count):
        rows = []
        for _ in range(draw.randrange(1, 4)):
            if draw.random() < 0.5:
                rows += [("from", "O"), (words(draw), "B-origin"), (words(draw), "I-origin")]
            else:
                rows += [("to", "O"), (words(draw), "B-goal"), (words(draw), "O")]
        sentences.append("".join(f"{token}\t{tag}\n" for token, tag in rows) + "\n")
    return "".join(sentences)


def rewritten(count: int, seed: int = 1) -> str:
    """Words and what they become: each letter in upper case, `a` twice."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        word = words(draw, "abcd")
        lines.append(f"{word}\t{word.upper().replace('A', 'AA')}\n")
    return "".join(lines)


def captioned(folder: Path, count: int, seed: int = 1, size: int = 4) -> str:
    """Features, in files, whose text is the order of their largest numbers."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        letters = rng.integers(0, 3, 2)
        cells = rng.normal(0, 0.1, (2, size)).astype(np.float32)
        cells[[0, 1], letters] += 1
        name = f"{folder.name}/{number}.npy"
        np.save(folder.parent / name, cells)
        lines.append(f"{name}\t{''.join('xyz'[letter] for letter in letters)}\n")
    return "".join(lines)


def labelled_pictures(folder: Path, count: int, seed: int = 1) -> str:
    """Small noisy pictures in files: the left half is dark, or the right one, or neither."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        label = rng.integers(0, 3)
        pixels = rng.integers(180, 255, (16, 32), np.uint8)
        pixels[:, 16 * label : 16 * (label + 1)] //= 4
        (folder / f"{number}.png").write_bytes(png_of(pixels))
        lines.append(f"{('left', 'right', 'none')[label]}\t{folder.name}/{number}.png\n")
    return "".join(lines)


def gesture(rng: np.random.Generator, kind: int) -> Any:
    """A series (T, 2) that rises, falls or stays; the features differ much in size."""
    steps = np.arange(rng.integers(4, 9))
    slope = (1, -1, 0)[kind] * steps + rng.normal(0, 0.3, len(steps))
    return np.stack([500 + 20 * slope, rng.normal(0, 0.001, len(steps))], 1).astype(np.float32)


def labelled_frames(folder: Path, count: int, seed: int = 1) -> str:
    """Series in files: .npy, every fifth a CSV with a header."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        kind = int(rng.integers(0, 3))
        name = f"{folder.name}/{number}.{'npy' if number % 5 else 'csv'}"
        series = gesture(rng, kind)
        if number % 5:
            np.save(folder.parent / name, series)
        else:
            rows = "".join(",".join(map(str, row)) + "\n" for row in series.tolist())
            (folder.parent / name).write_text(f"x,y\n{rows}")
        lines.append(f"{('up', 'down', 'level')[kind]}\t{name}\n")
    return "".join(lines)


def tagged_frames(folder: Path, count: int, seed: int = 1) -> str:
    """Series in files, of which each frame is `high` or `low`."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        high = rng.integers(0, 2, rng.integers(1, 9))
        name = f"{folder.name}/{number}.npy"
        np.save(folder.parent / name, rng.normal(0, 0.2, (len(high), 3)) + high[:, None])
        lines.append(f"{name}\t{' '.join(('low', 'high')[each] for each in high)}\n")
    return "".join(lines)


def told_videos(folder: Path, count: int, seed: int = 1) -> str:
    """Animations in files: a bright square is on the left, or on the right, and may change."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        sides = rng.integers(0, 2, rng.integers(2, 5))
        frames = rng.integers(0, 60, (len(sides), 16, 16), np.uint8)
        for frame, side in zip(frames, sides, strict=True):
            frame[4:12, 8 * side : 8 * side + 8] += 180
        first, *others = map(Image.fromarray, frames)
        first.save(folder / f"{number}.gif", save_all=True, append_images=others, duration=100)
        lines.append(f"{folder.name}/{number}.gif\t{''.join('lr'[side] for side in sides)}\n")
    return "".join(lines)


def labelled_sound(folder: Path, count: int, seed: int = 1) -> str:
    """Clips of sound in files: a tone that rises, one that falls, or noise."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        kind, length = int(rng.integers(0, 3)), int(rng.integers(1600, 3200))
        pitch = np.linspace(*((300, 2000) if kind else (2000, 300)), length)
        tone = np.sin(2 * np.pi * pitch.cumsum() / 8000)
        samples = 0.3 * (rng.normal(size=length) if kind == 2 else tone)
        name = f"{folder.name}/{number}.{('wav', 'flac')[number % 2]}"
        soundfile.write(folder.parent / name, samples + rng.normal(0, 0.01, length), 8000)
        lines.append(f"{('falls', 'rises', 'noise')[kind]}\t{name}\n")
    return "".join(lines)


class Pair(NamedTuple):
    """A task, what it reads where that is not its own input, and the settings of its examples."""

    task: TaskName
    input: InputName | None
    write: Callable[[Path, int], str]
    """Makes the text of a file of so many examples, in a folder."""
    settings: Mapping[str, Any]

    @property
    def flags(self) -> list[str]:
        """What `charrnn train` is told of it."""
        given = {"task": self.task, "input": self.input, **self.settings}
        return [word for name, value in given.items() if value for word in (flag(name), value)]

    def text(self, **settings: Any) -> TextSettings:
        """The settings that its examples are read with."""
        return read(TextSettings, {"input": self.input, **self.settings, **settings})


PAIRS: dict[str, Pair] = {
    "label": Pair("label", None, lambda _, count: labelled(count), {}),
    "tag": Pair("tag", None, lambda _, count: tagged(count), {}),
    "rewrite": Pair("rewrite", None, lambda _, count: rewritten(count), {}),
    "caption": Pair("caption", None, lambda home, n: captioned(home / "features", n), {}),
    "picture-label": Pair(
        "label", "picture", lambda home, n: labelled_pictures(home / "pictures", n),
        {"picture_size": "16x32"},
    ),
    "feature-rewrite": Pair(
        "rewrite", "picture", lambda home, count: captioned(home / "features", count), {}
    ),
    "frames-label": Pair(
        "label", "frames", lambda home, count: labelled_frames(home / "series", count), {}
    ),
    "frames-tag": Pair(
        "tag", "frames", lambda home, count: tagged_frames(home / "series", count), {}
    ),
    "video-rewrite": Pair(
        "rewrite", "frames", lambda home, count: told_videos(home / "videos", count),
        {"picture_size": "16x16"},
    ),
    "sound-label": Pair(
        "label", "sound", lambda home, count: labelled_sound(home / "sounds", count), {}
    ),
}  # fmt: skip
"""By name: an output, and an input that makes sense with it."""
