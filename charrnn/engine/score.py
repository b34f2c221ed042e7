"""From what a person names to a score: a run on a part of its corpus, or on another text."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from charrnn.engine import device as devices
from charrnn.engine.dynamic import evaluate_dynamically
from charrnn.engine.evaluate import evaluate
from charrnn.engine.model import CharRNN
from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.runs import load_run
from charrnn.store import Checkpoint
from charrnn.text.corpus import Corpus, find_corpus, key_of
from charrnn.text.source import tokens_of


def score(
    name: str | None,
    text: str | None,
    part: str | None,
    windows: int | None,
    dynamic: bool,
    encoding: str,
    device: str,
    emit: Emit,
) -> dict[str, Any]:
    """A run's score on a text, or on a part of its corpus, as `eval --json` prints it."""
    if text is not None and part:
        raise UsageError("--part is a part of the run's corpus, not of a text", "Leave one out.")
    if windows and dynamic:
        raise UsageError("--dynamic reads the text as one stream", "Leave --windows out.")
    where = devices.choose(device)
    checkpoint = load_run(name, emit)
    if text is not None:
        scored = {"text": "stdin" if text == "-" else text}
        tokens = tokens_of(text, checkpoint.tokenizer, encoding)
        if Path(text).is_file() and key_of(Path(text), checkpoint.text) == checkpoint.corpus_key:
            emit(Noticed("Most of this text was learned from: leave it out to score what was not."))
    else:
        corpus = corpus_of(checkpoint, "score it on a text with charrnn eval")
        part = part_of(corpus, part)
        scored, tokens = {"part": part}, corpus.part(part)
    if len(tokens) < 2:
        raise TextError(
            "the text has less than the two tokens that scoring takes", "Take a longer text."
        )
    model = CharRNN(checkpoint.model, checkpoint.tokenizer.size).to(where)
    model.load(checkpoint.weights)
    if dynamic:
        train = corpus_of(checkpoint, "leave --dynamic out").part("train")
        found = evaluate_dynamically(model, train, tokens, checkpoint.tokenizer, emit)
    else:
        found = evaluate(model, tokens, checkpoint.tokenizer, windows, emit)
    if not math.isfinite(found.loss):
        raise DivergedError("the model has diverged: its loss is no number", "Train another one.")
    return {
        **scored,
        "protocol": "dynamic" if dynamic else f"windows {windows}" if windows else "stream",
        **found.record(),
        "run": checkpoint.run,
        "step": checkpoint.step,
    }


def part_of(corpus: Corpus, part: str | None) -> str:
    """The part to score: test, or valid where there is none. TextError if it is too short."""
    part = part or ("test" if len(corpus.part("test")) > 1 else "valid")
    if len(corpus.part(part)) < 2:
        raise TextError(
            f"{part} has less than the two tokens that scoring takes",
            "Take another --part, or train with another --split.",
        )
    return part


def corpus_of(checkpoint: Checkpoint, otherwise: str) -> Corpus:
    """The corpus that a model was trained on, divided as it was then."""
    corpus = find_corpus(checkpoint.corpus_key)
    if corpus is None:
        raise TextError(
            f"the corpus of run {checkpoint.run}, {checkpoint.corpus}, is not here",
            f"Prepare its text again, or {otherwise}.",
        )
    return replace(corpus, split=checkpoint.text.split)
