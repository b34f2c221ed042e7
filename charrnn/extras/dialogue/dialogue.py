"""A dialogue with a model: the text so far is the prompt, and the network has read it."""

from collections.abc import Iterator

import numpy as np

from charrnn.inference.drawing import Prompt
from charrnn.inference.sampling import read_prompt, sample_after
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings, UnknownName
from charrnn.text.tokenizers import Tokenizer
from charrnn.text.unknown import known_text


class Dialogue:
    """The text so far. What is read or written is read by the network once."""

    def __init__(self, network: LanguageModel, tokenizer: Tokenizer) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._steps: list[tuple[str, Prompt]] = [("", read_prompt(network, tokenizer, ""))]

    @property
    def text(self) -> str:
        """All that has been read and written."""
        return "".join(text for text, _ in self._steps)

    def read(self, text: str, unknown: UnknownName = "error") -> None:
        """Append a text, without characters that the vocabulary lacks, or as `unknown` says.

        TextError, and nothing changes, where they are an error.
        """
        text, _ = known_text(text, self._tokenizer, unknown)
        first = len(self._steps) == 1  # then the newline before it must not be read
        before = None if first else self._steps[-1][1]
        self._steps.append((text, read_prompt(self._network, self._tokenizer, text, before)))

    def write(self, settings: SampleSettings, generator: np.random.Generator) -> Iterator[str]:
        """What the model writes next, in pieces. What has been taken of it becomes the text."""
        _, prompt = self._steps[-1]
        written = ""
        try:
            for piece in sample_after(self._network, self._tokenizer, prompt, settings, generator):
                written += piece
                yield piece
        finally:
            if written:
                self.read(written)

    def undo(self) -> None:
        """Take back what was read or written last."""
        if len(self._steps) > 1:
            self._steps.pop()

    def reset(self) -> None:
        """Begin anew."""
        del self._steps[1:]
