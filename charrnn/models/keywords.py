"""The settings as keyword arguments of functions, so that an editor completes and checks them.

They say again what `charrnn.settings` says, for tools that only read code; a test compares both.
"""

from collections.abc import Sequence
from typing import Literal, TypedDict

from charrnn.inference.fusion import TextScorer
from charrnn.settings import (
    CellName,
    FormatName,
    InputName,
    OptimizerName,
    TaskName,
    TokenizerName,
    UnknownName,
)
from charrnn.settings.model import AttentionName, DecoderName


class TextKeywords(TypedDict, total=False):
    """How a text is read, divided and turned into tokens: `TextSettings`."""

    tokenizer: TokenizerName
    vocab_size: int
    min_count: int
    bins: int
    column: str | None
    series: str | None
    season: int | None
    difference: Literal["none", "last", "season", "both"] | None
    scale: Literal["linear", "log"] | None
    encoding: str
    errors: Literal["strict", "replace", "skip"]
    newlines: Literal["keep", "lf"]
    include: str | None
    field: str | None
    document_per: str | None
    format: FormatName | None
    columns: str | None
    valid: str | None
    test: str | None
    input: InputName | None
    multi_label: bool
    tag_unit: Literal["token", "character"]
    target_unit: Literal["character", "word"]
    picture_size: str
    frame_rate: str | None
    sample_rate: int
    frame_stack: int
    split: str


class TrainKeywords(TextKeywords, total=False):
    """All settings of a run: `ModelSettings`, `TrainSettings` and `TextSettings`."""

    cell: CellName
    layers: int
    hidden_size: int
    embedding_size: int
    one_hot: bool
    residual: bool
    dropout: float
    tie_weights: bool
    init: Literal["orthogonal", "uniform", "normal"]
    task: TaskName
    bidirectional: bool
    crf: bool
    decoder: DecoderName
    attention: AttentionName
    ctc_frames: int
    time: str | None
    epochs: float | None
    steps: int | None
    batch_size: int
    seq_length: int
    augment: bool
    accumulate: int
    optimizer: OptimizerName
    learning_rate: float | None
    adamw_learning_rate: float
    weight_decay: float
    schedule: Literal["linear", "cosine", "constant", "step"]
    warmup_steps: int
    hold_steps: int | None
    decay_factor: float
    decay_after: float
    state_reset: float
    grad_clip: float
    grad_clip_value: float | None
    ema_decay: float
    class_weights: Literal["none", "balanced"]
    save_every: int | None
    keep: int
    seed: int
    device: str
    precision: Literal["auto", "bf16", "fp32"]


class SampleKeywords(TypedDict, total=False):
    """How to draw: `SampleSettings`, but for the length, the prompt and the number of texts."""

    temp: float | str
    top_k: int | None
    top_p: float | None
    min_p: float | None
    stop: str | Sequence[str] | None
    seed: int | None
    until: Literal["newline", "document"] | None
    repetition_penalty: float
    unknown: UnknownName


class ReadingKeywords(TypedDict, total=False):
    """How a file of examples is read, where not as the run's own were."""

    encoding: str | None
    format: FormatName | None
    columns: str | None


class DecodingKeywords(TypedDict, total=False):
    """How a prediction is written: `charrnn.inference.decoding.Decoding`."""

    beam: int
    temp: float
    seed: int | None
    max_length: int | None
    top: int | None
    threshold: float | None
    language_model: TextScorer | None
    weight: float | None
    positions: bool
