"""The tags of texts, by a trained model and NumPy alone."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.inference.tag_scores import TagScore, spans
from charrnn.inference.tagger import Tagger
from charrnn.inference.task_model import (
    GREEDY,
    UNKNOWN,
    Decoding,
    Ids,
    TaskModel,
    check_no_decoding,
    listed,
)
from charrnn.settings import UnknownName
from charrnn.text.tokenizers import valid_unicode
from charrnn.text.unknown import known_text, space_of, tagged_ids


@dataclass(frozen=True)
class TagPrediction:
    """The tokens (S) of a text, and the tag of each; what stands between them in a line."""

    tokens: list[str]
    tags: list[str]
    between: str = " "

    @property
    def line(self) -> str:
        """The tags, as lines of examples have them."""
        return self.between.join(self.tags)

    def record(self) -> dict[str, Any]:
        """As JSON has it; the ends of spans count tokens from 0, the last one included."""
        found = [
            {"kind": valid_unicode(span.kind), "first": span.first, "last": span.last}
            for span in spans(self.tags)
        ]
        tokens, tags = ([*map(valid_unicode, some)] for some in (self.tokens, self.tags))
        return {"tokens": tokens, "tags": tags, "spans": found}


class TagModel(TaskModel):
    """A trained model that tags tokens: `charrnn.load` of a run of `--task tag`."""

    counted = "tags"

    @property
    def of_tokens(self) -> bool:
        """Whether a tag is of a token, not of a character."""
        return self.checkpoint.text.tag_unit == "token"

    @cached_property
    def network(self) -> Tagger:
        """The network, which takes token ids."""
        space = space_of(self.checkpoint.tokenizer) if self.of_tokens else None
        return Tagger(self.checkpoint.model, self.checkpoint.weights, space)

    def predict(
        self, texts: Iterable[str], unknown: UnknownName = "skip", decoding: Decoding = GREEDY
    ) -> list[TagPrediction]:
        """The tag of each token of a text, which spaces divide, or of each character.

        With `unknown` nothing is left out: a character that the vocabulary lacks is read as one
        that it has.
        """
        check_no_decoding(decoding, self.checkpoint)
        parts = [
            re.findall(r"[^ \t]+" if self.of_tokens else ".", text, re.DOTALL)
            for text in listed(texts)
        ]
        between = " " if self.of_tokens else ""
        written = [between.join(tokens) for tokens in parts]
        inputs = [self.input_of(text, unknown) for text in written if text]
        tagged = iter(self.network.tags(inputs))
        found = []
        for tokens in parts:
            tags = next(tagged).tags.tolist() if tokens else []
            named = [self.labels[number] for number in tags]
            found.append(TagPrediction(tokens, named, between))
        return found

    def input_of(self, text: str, unknown: UnknownName = "skip") -> Ids:
        """The ids (T,) of a text that is not empty, with a place for each character."""
        if unknown == "error":
            known_text(text, self.checkpoint.tokenizer, "error")
        return tagged_ids(self.checkpoint.tokenizer, text)

    def score(
        self, inputs: Sequence[Ids], targets: Sequence[Ids], decoding: Decoding = GREEDY
    ) -> TagScore:
        """How well the tags (S,) of each text (T,) are predicted.

        The loss is that of the texts all of whose tags the model has; NaN without one.
        """
        check_no_decoding(decoding, self.checkpoint)
        score, scored = TagScore(), 0
        for true, found in zip(targets, self.network.tags(inputs), strict=True):
            if UNKNOWN not in true:
                score.loss += self.network.loss(found.logits, np.asarray(true, np.int64))
                scored += len(true)
            names = (*self.labels, "?")  # of UNKNOWN
            score.add(*([names[number] for number in some] for some in (true, found.tags)))
        score.loss = score.loss / scored if scored else math.nan
        return score
