"""The score of a run: on a part of its corpus, or on another text."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.engine.devices import find_device
from charrnn.engine.module import Module, module_of
from charrnn.errors import TextError, UsageError
from charrnn.evaluation.baselines import baselines_of
from charrnn.evaluation.dynamic import evaluate_dynamically
from charrnn.evaluation.loss import evaluate, token_losses
from charrnn.events import Emit, Noticed, Scores
from charrnn.inference.score import Score, score_of
from charrnn.network.language_model import LanguageModel
from charrnn.settings import PartName, UnknownName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.storage.scores import recall_score, remember_score
from charrnn.tasks import task_of
from charrnn.text.corpus import Tokens, part_to_score
from charrnn.text.encoding import read_tokens
from charrnn.text.preparation import corpus_key, true_entropy
from charrnn.text.source_files import shown_name

Losses = NDArray[np.float32]


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


@dataclass(frozen=True)
class Subject:
    """A run and the tokens (N,) to score it on. `about` says which these are, as JSON has it."""

    checkpoint: Checkpoint
    tokens: Tokens
    about: dict[str, Any]


def part_of_run(checkpoint: Checkpoint, part: PartName | None) -> Subject:
    """A run and a part of its corpus: test, or valid where there is no test, if None is named."""
    corpus = corpus_of(checkpoint, f"score it on a text: charrnn eval {checkpoint.run} TEXT")
    part = part_to_score(corpus, part)
    entropy = true_entropy(corpus)
    truth = {} if entropy is None else {"true_bits_per_character": entropy}
    return Subject(checkpoint, corpus.part(part), {"part": part, **truth})


def text_for_run(
    checkpoint: Checkpoint, text: str, encoding: str | None, unknown: UnknownName, emit: Emit
) -> Subject:
    """A run and another text, `-` being stdin. TextError if the text cannot be read.

    `encoding` None is that of the run's own text. `unknown`: what to do with characters that the
    vocabulary lacks.
    """
    settings = replace(checkpoint.text, encoding=encoding or checkpoint.text.encoding)
    tokens, count = read_tokens(text, checkpoint.tokenizer, settings, emit, unknown)
    if Path(text).is_file() and corpus_key(Path(text), checkpoint.text) == checkpoint.corpus_key:
        emit(Noticed("The model was trained on most of this text: use --part to score the rest."))
    about = {"source": shown_name(text), "unknown": count}
    return Subject(checkpoint, tokens, about)


def score_subject(
    subject: Subject,
    emit: Emit,
    protocol: Protocol = STREAM,
    device: str = "auto",
    *,
    compressors: bool = False,
) -> dict[str, Any]:
    """The score, and what it stands beside, as JSON has it.

    `compressors`: beside those of a long text, too. TextError if their corpus is missing then.
    """
    checkpoint = subject.checkpoint
    score = score_checkpoint(checkpoint, subject.tokens, emit, protocol, device)
    beside: dict[str, Scores] = {}
    try:
        corpus = corpus_of(checkpoint, "leave --baselines out")
        beside = baselines_of(corpus, subject.tokens, every=compressors)
    except TextError:
        if compressors:
            raise
    run = {"run": checkpoint.run, "step": checkpoint.step}
    record = {**subject.about, "protocol": str(protocol), **score.record(), **run}
    return {**record, "unit": task_of(checkpoint.model, checkpoint).unit, "baselines": beside}


def losses_of(
    subject: Subject, emit: Emit, protocol: Protocol = STREAM, device: str = "auto"
) -> Losses:
    """The losses (N - 1,), in nats, of all tokens but the first. Errors as `score_checkpoint`.

    UsageError for dynamic evaluation.
    """
    if protocol.dynamic:
        raise UsageError(
            "--per shows one model's losses, and --dynamic changes the model as it reads",
            "Leave one of them out.",
        )
    model = module_on(subject.checkpoint, device)
    losses = token_losses(model, subject.tokens, protocol.context, emit)
    score_of(float(losses.sum(dtype=np.float64)), subject.tokens, subject.checkpoint.tokenizer)
    return losses


def score_checkpoint(
    checkpoint: Checkpoint,
    tokens: Tokens,
    emit: Emit,
    protocol: Protocol = STREAM,
    device: str = "auto",
) -> Score:
    """The score on tokens (N,), which is remembered where nothing was learned on the way.

    TextError for fewer than two, DivergedError if it is not finite.
    """
    if protocol.dynamic:
        train = corpus_of(checkpoint, "leave --dynamic out").part("train")
        model = module_on(checkpoint, device)
        return evaluate_dynamically(model, train, tokens, checkpoint.tokenizer, emit)
    score = recall_score(checkpoint, tokens, str(protocol))
    if score is None:
        model = module_on(checkpoint, device)
        score = evaluate(model, tokens, checkpoint.tokenizer, protocol.context, emit)
        remember_score(checkpoint, tokens, str(protocol), score)
    return score


def module_on(checkpoint: Checkpoint, device: str) -> Module[LanguageModel]:
    """The network on its device."""
    model = module_of(task_of(checkpoint.model, checkpoint), checkpoint.model)
    model = model.to(find_device(device))
    model.load(checkpoint.weights)
    return model
