"""Sound as frames of features, beside sums over all samples."""

import math
import os

import numpy as np
import pytest
import soundfile

from charrnn.errors import CharRNNError, TextError
from charrnn.text.sound import BANDS, load_sound, log_mel, mel_bands, normalized, stacked
from tests.conftest import posix

RATE = 8000


def tone(pitch, seconds=0.2, rate=RATE):
    """A pure tone."""
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)).astype("f")


def by_hand(samples, rate):
    """The features of one frame (BANDS,): a Fourier transform written as sums, bands as weights."""
    size, width = 512, len(samples)
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / width) for n in range(width)]
    mel = lambda hertz: 2595 * math.log10(1 + hertz / 700)  # noqa: E731
    energy = [0.0] * BANDS
    for k in range(size // 2 + 1):
        angles = 2 * np.pi * k * np.arange(width) / size
        windowed = samples * window
        power = (windowed @ np.cos(angles)) ** 2 + (windowed @ np.sin(angles)) ** 2
        for band in range(BANDS):
            low, middle, high = (
                700 * (10 ** (mel(rate / 2) * (band + n) / (BANDS + 1) / 2595) - 1)
                for n in range(3)
            )
            hertz = k * rate / size
            weight = min((hertz - low) / (middle - low), (high - hertz) / (high - middle))
            energy[band] += max(0, weight) * power
    return np.log(np.maximum(energy, 1e-10))


def test_features_are_sums_over_all_samples():
    """A window that is shifted, energies that are magnitudes, bands at other pitches."""
    samples = np.random.default_rng(1).normal(size=360).astype("f")
    frames = log_mel(samples, RATE)
    assert frames.shape == (3, BANDS)
    for number in range(3):
        expected = by_hand(samples[80 * number : 80 * number + 200].astype(float), RATE)
        np.testing.assert_allclose(frames[number], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("rate", [4000, 8000, 16000, 44100])
def test_a_tone_is_in_its_band(rate):
    """Bands that are empty, or named after the wrong pitch, at another rate."""
    size = max(512, 1 << (round(0.025 * rate) - 1).bit_length())
    bands = mel_bands(rate, size)
    assert (bands.sum(0) > 0).all()
    for band in (3, 17, 36):
        pitch = bands[:, band].argmax() * rate / size
        assert abs(int(log_mel(tone(pitch, rate=rate), rate).mean(0).argmax()) - band) <= 1


def test_triangles_overlap_by_half():
    """Energy between two bands that counts twice, or not at all."""
    within = mel_bands(RATE, 1 << 14)[100:-700]
    np.testing.assert_allclose(within.sum(1), 1, atol=1e-9)


def test_loudness_and_silence_say_nothing():
    """A clip that is another one when it is louder; a division by zero."""
    samples = np.random.default_rng(2).normal(size=2000).astype("f")
    frames = normalized(log_mel(samples, RATE))
    np.testing.assert_allclose(frames, normalized(log_mel(8 * samples, RATE)), atol=1e-3)
    np.testing.assert_allclose(frames.mean(0), 0, atol=1e-4)
    assert np.isfinite(normalized(log_mel(np.zeros(9, np.float32), RATE))).all()


def test_frames_are_stacked_in_their_order():
    """Bands and times that are mixed; a rest that is lost."""
    frames = np.arange(14.0, dtype=np.float32).reshape(7, 2)
    assert stacked(frames, 3)[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert stacked(frames, 3)[2].tolist() == [12, 13, 0, 0, 0, 0]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_every_format_channel_and_rate_is_the_same_sound(home, suffix):
    """A format that is not read; two channels that are two sounds; a pitch that moves."""
    plain = load_sound_of(home / "a.wav", tone(700), RATE)
    stereo = np.stack([tone(700, rate=16000), np.zeros(3200, "f")], 1)
    read = load_sound_of(home / f"b.{suffix}", 2 * 0.4 * stereo, 16000)
    assert abs(len(plain) - len(read)) <= 8
    pitch = log_mel(tone(700), RATE).mean(0).argmax()
    assert plain.shape[1] == read.shape[1] == BANDS
    samples_pitch = load_sound(str(home / f"b.{suffix}"), RATE, 1)
    assert np.isfinite(samples_pitch).all()
    assert 0 < pitch < BANDS


def load_sound_of(path, samples, rate):
    """Frames of samples that are written to a file."""
    soundfile.write(path, samples, rate)
    return load_sound(str(path), RATE, 1)


@posix
def test_what_is_no_sound_is_an_error_that_says_so(home):
    """A traceback of a library; hours that are read into memory; a format that starts a decoder."""
    (home / "text.wav").write_text("no sound")
    soundfile.write(home / "long.wav", np.zeros(601 * 4000, "f"), 4000, subtype="PCM_U8")
    soundfile.write(home / "empty.wav", np.zeros(0, "f"), RATE)
    soundfile.write(home / "nan.wav", np.full(900, np.nan, "f"), RATE, subtype="FLOAT")
    soundfile.write(home / "other.wav", np.zeros(900, "f"), RATE, format="AIFF")
    soundfile.write(home / "wide.wav", np.zeros((9, 33), "f"), RATE)
    os.mkfifo(home / "pipe.wav")
    wrong = {"text": "not sound that can be read", "long": "lasts 601 s", "empty": "has no sound",
             "nan": "not finite", "other": "is AIFF", "wide": "33 channels",
             "pipe": "not a regular file", "nope": "there is no file"}  # fmt: skip
    for name, message in wrong.items():
        with pytest.raises(TextError, match=message) as error:
            load_sound(f"{name}.wav", RATE, 3)
        assert error.value.hint
    data = (home / "nan.wav").read_bytes()
    for end in (10, 40, 60):
        (home / "cut.wav").write_bytes(data[:end])
        with pytest.raises(CharRNNError):
            load_sound("cut.wav", RATE, 3)


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [("wav", "PCM_16"), ("wav", "ULAW"), ("rf64", "PCM_16"), ("flac", None), ("ogg", "VORBIS"),
     ("ogg", "OPUS")],
)  # fmt: skip
@pytest.mark.parametrize("kept", [0.97, 0.6, 0.02])
def test_a_file_that_was_cut_is_damaged(home, suffix, subtype, kept):
    """A download that broke off, learned as a shorter clip."""
    noise = 0.1 * np.random.default_rng(1).normal(size=30 * RATE)
    soundfile.write(home / "a.wav", noise, RATE, format=suffix, subtype=subtype)
    whole = (home / "a.wav").read_bytes()
    assert len(load_sound(str(home / "a.wav"), RATE, 1)) > 2900
    (home / "a.wav").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(TextError, match=r"a\.wav is (damaged|not sound that can be read)"):
        load_sound(str(home / "a.wav"), RATE, 1)


def test_a_recording_of_unknown_length_is_whole(home):
    """What ffmpeg writes to a pipe, refused."""
    soundfile.write(home / "a.wav", tone(700), RATE)
    data = bytearray((home / "a.wav").read_bytes())
    for size in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"):
        where = data.index(b"data") + 4
        data[where : where + 4] = size
        (home / "a.wav").write_bytes(data)
        assert len(load_sound(str(home / "a.wav"), RATE, 1)) == 18
