"""Values that are taken as text: numbers, lengths of time, splits, encodings, devices."""

import re

_PERCENT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.|$)", re.DOTALL)
_SIMPLE_ESCAPES = {r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\\": "\\"}
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_THOUSANDS = {"": 1, "k": 1000, "m": 1_000_000}
_WHOLE = re.compile(r"([+-]?[0-9]{1,20})(?:\.([0-9]{1,20}))?([km]?)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_MORE = re.compile(r"(.+?) ?(step|epoch)s?")


def whole_number(text: str) -> int:
    """'5000', '5k', '1.5k' or '2m', which is 2,000,000. Raises ValueError for anything else."""
    match = _WHOLE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a whole number; write 5000, 5k or 2m")
    digits, fraction, unit = match[1], match[2] or "", match[3].lower()
    scaled, scale = int(digits + fraction) * _THOUSANDS[unit], int(10 ** len(fraction))
    if scaled % scale:
        raise ValueError(f"{text!r} is not a whole number")
    return scaled // scale


def number(text: str) -> float:
    """'0.8', '2e-3' or '5'. Raises ValueError for anything else, such as 1_000 or ' 5'."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number; write 0.8 or 2e-3")
    return float(text)


def more(amount: str) -> tuple[str, float]:
    """'5m' -> ('time', 300.0); '2k steps' -> ('steps', 2000.0); '1.5epochs'. Raises ValueError."""
    match = _MORE.fullmatch(amount.lower())
    if not match:
        return "time", seconds(amount)
    value = float(whole_number(match[1])) if match[2] == "step" else number(match[1])
    if not 0 < value < float("inf"):
        raise ValueError(f"{amount!r} is not more")
    return f"{match[2]}s", value


def seconds(duration: str) -> float:
    """'90s', '2m', '1h30m' or a bare number of seconds. Raises ValueError for anything else."""
    text = duration.lower()
    if not re.fullmatch(r"\d*\.?\d+|(\d*\.?\d+[smhd])+", text, re.ASCII):
        raise ValueError(f"{duration!r} is not a length of time; write 90s, 2m or 1h30m")
    parts = re.findall(r"(\d*\.?\d+)([smhd]?)", text)
    total = sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)
    if not 0 < total < float("inf"):
        raise ValueError("a length of time must be positive and finite")
    return total


def split_fractions(split: str) -> tuple[float, float, float]:
    """'90/5/5' -> (0.9, 0.05, 0.05): train, validation, test. Raises ValueError."""
    parts = split.split("/")
    if len(parts) not in (2, 3) or not all(map(_PERCENT.fullmatch, parts)):
        raise ValueError(f"{split!r} is not a split; write train/validation/test, such as 90/5/5")
    percents = [*(float(part) for part in parts), 0.0]
    if percents[0] <= 0:
        raise ValueError(f"{split!r} leaves nothing to train on")
    if abs(sum(percents) - 100) > 0.01:
        raise ValueError(f"the parts of the split {split!r} add up to {sum(percents):g} %, not 100")
    return percents[0] / 100, percents[1] / 100, percents[2] / 100


def picture_size(size: str) -> tuple[int, int]:
    """'32x128' -> (32, 128): height and width in pixels, multiples of 16. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", size, re.ASCII)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(side and side % 16 == 0 for side in sides):
        raise ValueError(f"{size!r} is not HEIGHTxWIDTH in multiples of 16 pixels; write 32x128")
    return sides


def frame_rate(rate: str | None) -> tuple[float | None, int]:
    """'10' -> (10.0, 1), frames a second; '1/5' -> (None, 5), every fifth. Raises ValueError."""
    match = re.fullmatch(r"(1/)?([0-9]{1,4}(?:\.[0-9]{1,4})?)", rate or "1/1", re.ASCII)
    if match and match[1] and match[2].isdecimal() and int(match[2]):
        return None, int(match[2])
    if not match or match[1] or not float(match[2]):
        raise ValueError(f"{rate!r} is not a frame rate; write 10 (a second) or 1/5 (every fifth)")
    return float(match[2]), 1


def column_names(columns: str) -> list[str]:
    """'label, text' -> ['label', 'text']; numbers count from 1. Raises ValueError."""
    names = [name.strip() for name in columns.split(",")]
    if len(names) > 2 or not all(names) or "0" in names:
        raise ValueError(f"{columns!r} are not columns; write label,text or 2,1, counted from 1")
    return names


def temperatures(temp: str | float) -> tuple[float, float]:
    """0.8 or '0.8' -> (0.8, 0.8); '1.2:0.6' -> (1.2, 0.6), first and last. Raises ValueError."""
    try:
        parts = [number(part) for part in str(temp).split(":")]
    except ValueError:
        parts = []
    if len(parts) not in (1, 2) or not all(0 <= part <= 1e6 for part in parts):
        raise ValueError(
            f"{temp!r} is not a temperature; write --temp 0.8, or 1.2:0.6 from first to last"
        )
    if len(parts) == 2 and not min(parts):
        raise ValueError("temperatures from first to last must be above 0")
    return parts[0], parts[-1]


def unescaped(text: str) -> str:
    r"""The text with the escapes \n, \r, \t, \\, \xe9 and \u00e9 interpreted. Raises ValueError."""
    interpreted = _ESCAPE.sub(_meaning, text)
    interpreted.encode()  # not half a surrogate pair
    return interpreted


def _meaning(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code:
        return chr(int(code, 16))
    if escape[0] not in _SIMPLE_ESCAPES:
        raise ValueError(f"there is no escape {escape[0]}")
    return _SIMPLE_ESCAPES[escape[0]]


def check_encoding(encoding: str) -> None:
    """Raises ValueError if Python does not know it as an encoding of text."""
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        raise ValueError(f"{encoding!r} is not an encoding that Python knows") from None


def check_device(device: str) -> None:
    """Raises ValueError unless it is the name of a device."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", device, re.ASCII):
        raise ValueError(f"{device!r} is not a device; write auto, cpu, cuda, cuda:1 or mps")
