"""Pictures and features from elsewhere."""

import os
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from charrnn.errors import CharRNNError, TextError
from charrnn.text.pictures import as_inputs, load_input, png_of
from tests.conftest import posix


def test_pictures_are_fitted_and_features_taken(home):
    """A picture that is stretched or cut; numbers that are rounded."""
    pixels = np.full((10, 20), 200, np.uint8)
    pixels[4:6] = 10
    (home / "p.png").write_bytes(png_of(pixels))
    picture = load_input(str(home / "p.png"), "32x128")
    assert picture.shape == (1, 32, 128)
    assert (picture[0, :, :20] == 200).all()  # what is left over has the border's colour
    assert picture[0, 16, 64] < 30
    Image.fromarray(pixels.astype(np.uint16) * 257).save(home / "deep.png")
    assert (load_input(str(home / "deep.png"), "32x128") == picture).all()  # 16 bits
    inputs = as_inputs(picture.reshape(1, -1), picture.shape)
    assert inputs.shape == (1, 1, 32, 128)
    assert np.abs(inputs).max() <= 1
    features = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
    np.save(home / "f.npy", features)
    features_read = load_input(str(home / "f.npy"), "32x128")
    stored = np.frombuffer(features_read.tobytes(), np.uint8)[None]
    assert (as_inputs(stored, features_read.shape)[0] == features.reshape(6, 4)).all()


@settings(max_examples=60)
@given(data=st.binary(max_size=200), name=st.sampled_from(["x.png", "x.jpg", "x.npy"]))
def test_any_bytes_are_an_error_that_says_so(module_home, data, name):
    """A traceback of a library; a pickle that runs."""
    heads = {"x.png": b"\x89PNG\r\n\x1a\n", "x.npy": b"\x93NUMPY\x01\x00", "x.jpg": b"\xff\xd8\xff"}
    for head in (b"", heads[name], b"PK\x03\x04"):
        (module_home / name).write_bytes(head + data)
        with pytest.raises(CharRNNError):
            load_input(str(module_home / name), "32x128")


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"


@posix
def test_only_png_and_jpeg_are_opened_and_only_regular_files(home, monkeypatch):
    """An EPS named .png, for which Pillow runs Ghostscript; a pipe, which is waited for."""
    monkeypatch.setattr(os, "posix_spawn", None)
    monkeypatch.setattr(subprocess, "Popen", None)
    (home / "e.png").write_bytes(EPS)
    Image.new("L", (9, 9)).save(home / "g.png", "GIF")
    os.mkfifo(home / "f.png")
    (home / "z.npy").symlink_to("/dev/zero")
    names = {"e.png": "PNG or JPEG", "g.png": "PNG or JPEG", "f.png": "not a regular file",
             "z.npy": "not a regular file", "x" * 300: "cannot be read", "a\0b": "cannot be read",
             "nope.png": "there is no file"}  # fmt: skip
    for name, words in names.items():
        with pytest.raises(TextError, match=words):
            load_input(name, "32x128")


@pytest.mark.parametrize("task", ["train", "predict"])
@posix
def test_a_line_that_names_no_picture_is_named(home, charrnn, task):
    """A run that waits for ever for a pipe; an error without the line to correct."""
    for number in range(4):
        (home / f"{number}.png").write_bytes(png_of(np.full((9, 9), 60 * number, np.uint8)))
    good = "".join(f"{number}.png\t{'ab'[number % 2]}\n" for number in range(4))
    (home / "good.tsv").write_text(good)
    small = ("--task", "caption", "--steps", "1", "--hidden-size", "4", "--picture-size", "16x16")
    if task == "predict":
        assert charrnn("train", "good.tsv", "--run", "r", *small).code == 0
    os.mkfifo(home / "f.png")
    for name in ("f.png", "x" * 300 + ".png"):
        (home / "bad.tsv").write_text(good + f"{name}\ta\n")
        arguments = ("train", "bad.tsv", *small) if task == "train" else ("predict", "r", "names")
        (home / "names").write_text(f"0.png\n1.png\n2.png\n3.png\n{name}\n")
        result = charrnn(*arguments)
        assert result.code == 3, result.err
        assert "line 5" in result.err
