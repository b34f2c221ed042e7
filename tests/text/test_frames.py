"""Series and videos in files."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from charrnn.errors import CharRNNError, TextError
from charrnn.text.frames import is_series, load_frames

SERIES = np.array([[1.5, -2], [3, 1e9], [0, 7]])


@pytest.mark.parametrize(
    "written",
    ["x,y\n1.5,-2\n3,1e9\n\n0,7\n", "1.5;-2\r\n3;1e9\r\n0;7", "\ufeffa\tb\n1.5\t-2\n3\t1e9\n0\t7"],
)  # fmt: skip
def test_a_table_is_a_row_a_frame(home, written):
    """A header that is a frame, or a first frame that is a header; columns that are frames."""
    (home / "s.csv").write_text(written, "utf-8", newline="")
    assert load_frames("s.csv", "32x32", None).tolist() == SERIES.tolist()
    assert load_frames("s.csv", "32x32", "1/2").tolist() == SERIES[::2].tolist()
    assert is_series("s.csv")
    (home / "list.csv").write_text("label,frames\nx,s.csv\n")
    assert not is_series("list.csv")


def test_numbers_of_every_type_are_those_of_the_file(home):
    """Integers that wrap; numbers that 32 bits would round."""
    for kind in (np.int16, np.uint8, np.float32, np.float64):
        np.save(home / "a.npy", SERIES.clip(0, 99).astype(kind))
        expected = SERIES.clip(0, 99).astype(kind).astype(float)
        assert load_frames("a.npy", "32x32", None).tolist() == expected.tolist()


def test_videos_are_grey_frames_of_one_size(home):
    """Frames that overlay each other; a film of which the first frame alone is read."""
    frames = np.zeros((4, 16, 16), np.uint8)
    frames[range(4), range(4), range(4)] = 255
    first, *others = map(Image.fromarray, frames)
    for name in ("a.gif", "a.png", "a.webp"):
        exact = {"lossless": True} if name == "a.webp" else {}
        first.save(home / name, save_all=True, append_images=others, duration=[100, 300, 100, 100],
                   **exact)  # fmt: skip
        assert (load_frames(name, "16x16", None) == frames).all(), name
        assert (load_frames(name, "16x16", "1/3") == frames[::3]).all()
        timed = load_frames(name, "16x16", "10")
        assert (timed == frames[[0, 1, 1, 1, 2, 3]]).all(), name
        assert (load_frames(name, "16x16", "5") == frames[[0, 1, 2]]).all()
    np.save(home / "a.npy", frames)
    assert (load_frames("a.npy", "16x16", None) == frames).all()
    np.save(home / "a.npy", frames / 255)
    assert (load_frames("a.npy", "16x16", None) == frames).all()
    assert load_frames("a.npy", "32x48", None).shape == (4, 32, 48)


@settings(max_examples=60)
@given(data=st.binary(max_size=200), name=st.sampled_from(["x.gif", "x.npy", "x.csv", "x.png"]))
def test_any_bytes_are_frames_or_an_error_that_says_so(module_home, data, name):
    """A traceback of a library."""
    heads = {"x.gif": b"GIF89a", "x.npy": b"\x93NUMPY\x01\x00", "x.csv": b"1,2\n",
             "x.png": b"\x89PNG\r\n\x1a\n"}  # fmt: skip
    for head in (b"", heads[name]):
        (module_home / name).write_bytes(head + data)
        try:
            assert len(load_frames(str(module_home / name), "16x16", None))
        except CharRNNError as error:
            assert error.hint


def test_what_cannot_be_read_is_said(home):
    """A gap that becomes a zero; a rate that has no effect."""
    np.save(home / "line.npy", np.zeros(5))
    np.save(home / "one.npy", np.float32(3))
    np.save(home / "huge.npy", np.full((2, 2), 1e300))
    np.save(home / "nan.npy", np.full((2, 2), np.nan))
    np.save(home / "dark.npy", np.full((1, 4, 4), 9.0))
    np.save(home / "many.npy", np.zeros((100_001, 1), np.uint8))
    (home / "gap.csv").write_text("1,2\n3,\n")
    (home / "words.csv").write_text("a,b\nc,d\n")
    (home / "none.csv").write_text("")
    wrong = {"line.npy": "1 dimension", "one.npy": "0 dimensions", "huge.npy": "beyond 1e",
             "nan.npy": "missing or not finite", "dark.npy": "shades",
             "many.npy": "100,001 frames", "gap.csv": "not a series", "words.csv": "not a series",
             "none.csv": "not a series", "nope.npy": "there is no file"}  # fmt: skip
    for name, message in wrong.items():
        with pytest.raises(TextError, match=message) as error:
            load_frames(name, "32x32", None)
        assert error.value.hint
    np.save(home / "a.npy", SERIES)
    with pytest.raises(TextError, match="does not say when"):
        load_frames("a.npy", "32x32", "10")


def test_frames_that_are_shown_for_hours_are_not_read_for_ever(home):
    """A small file that fills the memory: pictures of a minute each, a thousand times a second."""
    shades = [Image.new("L", (16, 16), shade) for shade in (0, 200)]
    shades[0].save(home / "long.gif", save_all=True, append_images=shades[1:], duration=60_000)
    with pytest.raises(TextError, match=r"long\.gif has 100,001 frames"):
        load_frames("long.gif", "16x16", "1000")
    assert len(load_frames("long.gif", "16x16", "0.1")) == 12
