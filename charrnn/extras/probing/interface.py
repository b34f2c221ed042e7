"""`charrnn.probe`: what a network computes while it reads a text, as arrays, from Python."""

from pathlib import Path

from charrnn.events import Emit
from charrnn.extras.probing.findings import reading_of
from charrnn.inference.activations import Activations
from charrnn.interface import listening
from charrnn.models.public import public
from charrnn.storage.fitting_run import load_language_model


class Read(Activations):
    """What a network made of a text, which a notebook shows in colours."""

    def _repr_html_(self) -> str:
        from charrnn.extras.probing.show import html_of_reading

        return html_of_reading(self)


@public
def probe(
    text: str,
    run: str | Path | None = None,
    *,
    progress: bool | None = None,
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
        checkpoint = load_language_model(run, emit)
        ids = checkpoint.tokenizer.encode(text)
        return Read.joined(reading_of(checkpoint, ids, emit).pieces())
