"""`charrnn.probe`: what a network computes while it reads a text, as arrays, from Python."""

from pathlib import Path

from charrnn.errors import TextError
from charrnn.events import Emit
from charrnn.extras.probing.findings import reading_of
from charrnn.inference.activations import Activations
from charrnn.interface import listening
from charrnn.models.public import public
from charrnn.storage.fitting_run import load_language_model


@public
def probe(
    text: str,
    run: str | Path | None = None,
    *,
    progress: bool = False,
    events: Emit | None = None,
) -> Activations:
    """What the network of a run (None: the run trained last) computes while it reads a text.

    After each of N tokens: `bits` (N,) is how surprising it was, `units["1.c"]` (N, H) the state c
    of the first layer, `gates["2.forget"]` (N, H) a gate of the second, and `logits` (N, V) those
    of the next token. `charrnn probe` shows the same. TextError for a text without tokens.

    >>> read = charrnn.probe("The king", run="tale")
    >>> read.units["1.h"].shape, read.gates["1.forget"].shape
    ((8, 24), (8, 24))
    """
    with listening(events, progress) as emit:
        checkpoint = load_language_model(None if run is None else str(run), emit)
        ids = checkpoint.tokenizer.encode(text)
        if not len(ids):
            raise TextError("the text is empty", "Take a longer one.")
        return Activations.joined(reading_of(checkpoint, ids, emit).pieces())
