"""Pictures and features from elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from charrnn.errors import CharRNNError
from charrnn.text.pictures import as_inputs, load_input, png_of


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
