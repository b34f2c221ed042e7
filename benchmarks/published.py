"""Tasks with figures that others have published: `python -m benchmarks published`.

Each has rows of our figures beside theirs, with the time that training took and the settings that
it chose.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks import languages, molecules, pronunciation
from benchmarks.measure import Options, Row, charrnn_json
from benchmarks.trials import Compared, Peer, Trained, medians, train

KARPATHY = "arXiv:1506.02078"
NANOGPT = "nanoGPT's README: 3 minutes on an A100"
NANOGPT_BEST = "huggingface.co/codeby-hp/nanogpt-shakespeare, on a GPU"


def text(
    options: Options, name: str, split: str, times: tuple[str, ...], peers: list[Peer], part: str
) -> Iterator[Compared]:
    """Losses on a part of NAME.txt, in nats per character: of a stream, of cold windows of 256."""
    file = options.data / f"{name}.txt"

    def trial(time: str, seed: int) -> tuple[Trained, Mapping[str, float]]:
        run = train(options, file, time, seed, "--split", split)
        score = partial(charrnn_json, options.home, "eval", str(run.folder), "--part", part)
        return run, {"stream": score()["loss"], "windows": score("--context", "256")["loss"]}

    units = {"stream": "nats", "windows": "nats"}
    yield from medians(options, name, times, peers, units, trial)


def war_and_peace(options: Options) -> Iterator[Compared]:
    """The text of Karpathy, Johnson and Li 2015, with the line ends of the file."""
    peers = [
        Peer("stream", 1.077, f"best of LSTMs up to 3x512, {KARPATHY}"),
        Peer("stream", 1.195, f"20-gram, {KARPATHY}"),
    ]
    times = ("10m", "30m", "60m")
    yield from text(options, "warpeace", "80/10/10", times, peers, "test")


def shakespeare(options: Options) -> Iterator[Compared]:
    """Tiny Shakespeare. nanoGPT's losses are those of cold windows of 256."""
    peers = [Peer("windows", 1.4697, NANOGPT), Peer("windows", 1.4646, NANOGPT_BEST)]
    times = ("30s", "110s", "10m")
    yield from text(options, "shakespeare", "90/10/0", times, peers, "valid")


ROWS: Mapping[str, Callable[[Options], Iterator[Row]]] = {
    "war-and-peace": war_and_peace,
    "molecules": molecules.rows,
    "pronunciation": pronunciation.rows,
    "languages": languages.rows,
    "shakespeare": shakespeare,
}
TEXTS = {"war-and-peace": "warpeace.txt", "shakespeare": "shakespeare.txt"}
"""What a row reads in the folder of data, and no package has."""
MODULES = {
    "molecules": ("rdkit", "fcd"),
    "pronunciation": ("g2p_en",),
    "languages": ("langid", "lingua", "sklearn"),
}
"""What a row imports and only the extra `published` installs."""


def lacking(row: str, data: Path) -> str:
    """What a row needs and does not find, in a sentence; nothing if it can begin."""
    if row in TEXTS and not (data / TEXTS[row]).exists():
        return f"there is no {TEXTS[row]} in {data}: put it there"
    for module in MODULES.get(row, ()):
        if find_spec(module) is None:
            return f"there is no {module}: install the extra, as docs/benchmarks.md shows"
    return ""
