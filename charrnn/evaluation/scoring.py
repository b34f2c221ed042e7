"""The score of a run: on a part of its corpus, or on another text."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.evaluation.dynamic import evaluate_dynamically
from charrnn.evaluation.loss import evaluate
from charrnn.events import Emit, Noticed
from charrnn.inference.score import Score
from charrnn.network.device import find_device
from charrnn.network.model import CharRNN
from charrnn.settings import PartName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import load_run
from charrnn.text.corpus import Corpus, Tokens, find_corpus
from charrnn.text.preparation import corpus_key
from charrnn.text.source import read_tokens


@dataclass(frozen=True)
class Protocol:
    """How a text is scored: as one stream, in cold windows of `context` tokens, or dynamically."""

    context: int | None = None
    dynamic: bool = False

    def __post_init__(self) -> None:
        if self.context and self.dynamic:
            raise UsageError("--dynamic reads the text as one stream", "Leave --context out.")

    def __str__(self) -> str:
        if self.dynamic:
            return "dynamic"
        return f"context {self.context}" if self.context else "stream"


STREAM = Protocol()


def score_run(
    name: str | None,
    part: PartName | None,
    emit: Emit,
    protocol: Protocol = STREAM,
    device: str = "auto",
) -> dict[str, Any]:
    """A run's score on a part of its corpus (test; valid where there is none), as JSON has it."""
    checkpoint = load_run(name, emit)
    corpus = corpus_of(checkpoint, "score it on a text with charrnn eval")
    part = part_to_score(corpus, part)
    score = score_checkpoint(checkpoint, corpus.part(part), emit, protocol, device)
    return _record({"part": part}, checkpoint, protocol, score)


def score_text(
    name: str | None,
    text: str,
    encoding: str,
    emit: Emit,
    protocol: Protocol = STREAM,
    device: str = "auto",
) -> dict[str, Any]:
    """A run's score on a text file (`-` is stdin), as JSON has it."""
    checkpoint = load_run(name, emit)
    tokens = read_tokens(text, checkpoint.tokenizer, encoding)
    if Path(text).is_file() and corpus_key(Path(text), checkpoint.text) == checkpoint.corpus_key:
        emit(Noticed("The model was trained on most of this text: use --part to score the rest."))
    score = score_checkpoint(checkpoint, tokens, emit, protocol, device)
    return _record({"text": "stdin" if text == "-" else text}, checkpoint, protocol, score)


def _record(
    what: dict[str, Any], checkpoint: Checkpoint, protocol: Protocol, score: Score
) -> dict[str, Any]:
    about = {"run": checkpoint.run, "step": checkpoint.step}
    return {**what, "protocol": str(protocol), **score.record(), **about}


def score_checkpoint(
    checkpoint: Checkpoint,
    tokens: Tokens,
    emit: Emit,
    protocol: Protocol = STREAM,
    device: str = "auto",
) -> Score:
    """The score on tokens (N,). TextError for fewer than two, DivergedError if it is not finite."""
    if len(tokens) < 2:
        raise TextError("the text has fewer than two tokens", "Score a longer text.")
    model = CharRNN(checkpoint.model, checkpoint.tokenizer.size).to(find_device(device))
    model.load(checkpoint.weights)
    if protocol.dynamic:
        train = corpus_of(checkpoint, "leave --dynamic out").part("train")
        score = evaluate_dynamically(model, train, tokens, checkpoint.tokenizer, emit)
    else:
        score = evaluate(model, tokens, checkpoint.tokenizer, protocol.context, emit)
    if not math.isfinite(score.loss):
        raise DivergedError("the model has diverged: its loss is not finite", "Train another one.")
    return score


def part_to_score(corpus: Corpus, part: PartName | None) -> PartName:
    """The part asked for, or test, or valid where there is no test. TextError if too short."""
    chosen: PartName = part or ("test" if len(corpus.part("test")) > 1 else "valid")
    if len(corpus.part(chosen)) < 2:
        raise TextError(
            f"the {chosen} part has fewer than two tokens",
            "Score another --part, or train with another --split.",
        )
    return chosen


def corpus_of(checkpoint: Checkpoint, otherwise: str) -> Corpus:
    """The corpus that a model was trained on, split as it was then. TextError if it is missing."""
    corpus = find_corpus(checkpoint.corpus_key)
    if corpus is None:
        raise TextError(
            f"the corpus of run {checkpoint.run}, {checkpoint.corpus}, is not here",
            f"Prepare its text again, or {otherwise}.",
        )
    return corpus.with_split(checkpoint.text.split)
