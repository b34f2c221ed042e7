"""Texts that are written for texts or pictures, by a trained model and NumPy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.inference.decoder import Decoder, Source
from charrnn.inference.rewrite_scores import RewriteScore, joined
from charrnn.inference.search import END, Written, search
from charrnn.inference.task_model import GREEDY, Decoding, Ids, TaskModel, listed
from charrnn.inference.text_encoder import Float32, by_length
from charrnn.settings import UnknownName
from charrnn.storage.layout import grid
from charrnn.text.pictures import as_inputs, load_input
from charrnn.text.tokenizers import valid_unicode

_TOGETHER = 64  # texts written at once


@dataclass(frozen=True)
class TextPrediction:
    """What is written for a text, or for a picture of that name: the best, and others by beam.

    `given` is that text or name. `symbols` (T) are the characters or words of the best one,
    `attention` (T, S) says how much of each came from which of the `source` (S), the tokens of the
    text. Of a picture `pixels` (height, width) is what was read, and S counts the cells of its
    `grid` of rows and columns, row by row.
    """

    given: str
    source: list[str]
    text: str
    log_probability: float
    alternatives: list[tuple[str, float]]
    symbols: list[str]
    attention: Float32
    grid: tuple[int, int] | None = None
    pixels: NDArray[np.uint8] | None = None

    @property
    def line(self) -> str:
        """The text that is written."""
        return self.text

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        found: dict[str, Any] = {
            "source": valid_unicode(self.given),
            "text": valid_unicode(self.text),
            "log_probability": round(self.log_probability, 6),
        }
        if self.alternatives:
            found["alternatives"] = [
                {"text": valid_unicode(text), "log_probability": round(log, 6)}
                for text, log in self.alternatives
            ]
        return found


class RewriteModel(TaskModel):
    """A trained model that writes a text for each: `charrnn.load` of a run of `--task rewrite`."""

    counted = "symbols"

    @cached_property
    def network(self) -> Decoder:
        """The network, which takes token ids, or pictures."""
        return Decoder(self.checkpoint.model, self.checkpoint.weights)

    def predict(
        self, texts: Iterable[str], unknown: UnknownName = "skip", decoding: Decoding = GREEDY
    ) -> list[TextPrediction]:
        """What is written for each text."""
        texts = listed(texts)
        inputs = [self.input_of(text, unknown) for text in texts]
        written = self.written(inputs, decoding)
        return [self._prediction(*found) for found in zip(texts, inputs, written, strict=True)]

    def _prediction(self, given: str, ids: Ids, written: Sequence[Written]) -> TextPrediction:
        texts = [[self.labels[number - 1] for number in found.symbols] for found in written]
        named = [joined(symbols, self.checkpoint.text) for symbols in texts]
        others = [(text, found.log_probability) for text, found in zip(named, written, strict=True)]
        best, source = written[0], self.source_of(ids)
        attention = best.attention[:, : len(source) or None]  # without the padding
        return TextPrediction(
            given, source, named[0], best.log_probability, others[1:], texts[0], attention
        )

    def written(self, inputs: Sequence[Ids], decoding: Decoding) -> list[list[Written]]:
        """What is written for inputs (N), the likeliest first."""
        found: list[list[Written]] = [[]] * len(inputs)
        generators = decoding.generators(len(inputs))
        for some in by_length(inputs, max(1, _TOGETHER // decoding.beam)):
            chosen = [inputs[number] for number in some]
            most = np.array([self._most(ids, decoding) for ids in chosen])
            own = [generators[number] for number in some]
            texts = search(self.network, self.read(chosen), most, decoding.beam, decoding.temp, own)
            for number, text in zip(some.tolist(), texts, strict=True):
                found[number] = text
        return found

    def _most(self, ids: Ids, decoding: Decoding) -> int:
        """The symbols that a text may have."""
        return decoding.max_length or 3 * len(ids) + 20

    def read(self, inputs: Sequence[Ids]) -> Source:
        """Run the encoder over texts (B), each ids (T,)."""
        return self.network.read_texts(inputs)

    def source_of(self, ids: Ids) -> list[str]:
        """What the attention is paid to: the text of each token."""
        decode = self.checkpoint.tokenizer.decoder()
        return [decode(token) for token in ids.tolist()]

    def score(
        self, inputs: Sequence[Ids], targets: Sequence[Ids], decoding: Decoding = GREEDY
    ) -> RewriteScore:
        """How well the symbols (U,) of each input are written."""
        score = RewriteScore(self.checkpoint.text.target_unit)
        for true, found in zip(targets, self.written(inputs, decoding), strict=True):
            score.add(true.tolist(), [number - 1 for number in found[0].symbols])
        losses = [
            self._losses([inputs[n] for n in some], [targets[n] for n in some])
            for some in by_length(inputs, _TOGETHER)
        ]
        score.loss = float(np.concatenate(losses).mean())
        return score

    def _losses(self, inputs: Sequence[Ids], targets: Sequence[Ids]) -> NDArray[np.float64]:
        """The loss in nats of each symbol and each end of texts, given the symbols before it.

        A symbol that training lacks has none; what follows it is given an end in its place.
        """
        counts = np.array([len(target) for target in targets])
        wanted = np.full((counts.max() + 1, len(counts)), END)
        for column, target in enumerate(targets):
            wanted[: len(target), column] = target + 1  # UNKNOWN becomes END
        steps = np.arange(len(wanted))[:, None]
        scored = (steps == counts) | ((steps < counts) & (wanted != END))
        source = self.read(inputs)
        state, given, losses = self.network.first_state(source), np.full(len(counts), END), []
        for step, symbols in enumerate(wanted):
            with np.errstate(all="ignore"):
                logs, state, _ = self.network.step(given, state, source)
            found = -logs[np.arange(len(symbols)), symbols].astype(np.float64)
            losses.append(found[scored[step]])
            given = symbols
        return np.concatenate(losses)


class CaptionModel(RewriteModel):
    """A trained model that writes a text for each picture: of a run of `--task caption`."""

    def input_of(self, text: str, unknown: UnknownName = "skip") -> Ids:  # noqa: ARG002
        """The bytes of a picture, by its name. TextError if it cannot be read."""
        if not text:
            raise TextError("no picture is named", "Write the name of a picture in each line.")
        found = load_input(text, self.checkpoint.text.picture_size)
        if found.shape != self.checkpoint.input_shape:
            raise TextError(
                f"{text} has the shape {found.shape}, not {self.checkpoint.input_shape}",
                "Name pictures, or features of the shape that the run was trained on.",
            )
        return np.frombuffer(found.tobytes(), np.uint8)

    def read(self, inputs: Sequence[Ids]) -> Source:
        """Run the encoder over pictures (B), each its bytes."""
        stored = np.stack([*inputs]).astype(np.uint8)
        return self.network.read_pictures(as_inputs(stored, self.checkpoint.input_shape))

    def _most(self, ids: Ids, decoding: Decoding) -> int:  # noqa: ARG002  (its bytes do not count)
        return decoding.max_length or 200

    def source_of(self, ids: Ids) -> list[str]:  # noqa: ARG002
        """Nothing: a picture has no tokens."""
        return []

    def _prediction(self, given: str, ids: Ids, written: Sequence[Written]) -> TextPrediction:
        shape = self.checkpoint.input_shape
        found = replace(super()._prediction(given, ids, written), grid=grid(shape))
        if len(shape) == 2:
            return found
        return replace(found, pixels=ids.astype(np.uint8).reshape(shape[1:]))
