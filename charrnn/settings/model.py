"""The cell and the sizes of the network."""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from annotated_types import Ge, Le, Lt

from charrnn.settings.base import ADVANCED, AUTO, AppliesTo, Settings

CellName = Literal[
    "lstm", "gru", "elman", "relu", "irnn", "jordan", "full", "peephole", "clockwork", "scrn",
    "mgu", "mingru", "minlstm", "mlstm", "mogrifier", "rglru", "mamba", "rwkv", "slstm", "xlstm",
]  # fmt: skip

TaskName = Literal["text", "label", "tag", "rewrite", "caption"]
AttentionName = Literal["dot", "additive", "none"]
DecoderName = Literal["attention", "ctc"]

_OF_TEXTS = AppliesTo(input=("text",))


@dataclass(frozen=True)
class ModelSettings(Settings):
    """Model: the cell and the sizes of the network."""

    cell: Annotated[CellName, "recurrent cell"] = "lstm"
    layers: Annotated[int, Ge(1), Le(64), "recurrent layers"] = 2
    hidden_size: Annotated[int, Ge(1), Le(65536), "hidden units per layer", AUTO] = 256
    embedding_size: Annotated[int, Ge(1), Le(65536), "size of a token's embedding", ADVANCED] = 64
    one_hot: Annotated[
        bool, "feed tokens as one-hot vectors, without an embedding", ADVANCED, _OF_TEXTS
    ] = False
    residual: Annotated[
        bool,
        "add each layer's output to its input, which is normalized first: for many layers",
        ADVANCED,
    ] = False
    dropout: Annotated[
        float, Ge(0), Lt(1), "probability that an output is dropped", AUTO
    ] = 0.05  # fmt: skip
    tie_weights: Annotated[
        bool, "share the output weights with the embedding (sizes must be equal)", ADVANCED,
        AppliesTo(task=("text",)),
    ] = False  # fmt: skip
    init: Annotated[
        Literal["orthogonal", "uniform", "normal"],
        "initial weights: orthogonal (input weights Xavier), uniform (to 0.08) or normal (0.01)",
        ADVANCED,
    ] = "orthogonal"  # fmt: skip
    task: Annotated[
        TaskName,
        "what to learn: text (a language model), label (text classification), "
        "tag (sequence labelling), rewrite (sequence to sequence), caption (text of a picture)",
    ] = "text"
    bidirectional: Annotated[
        bool, "read in both directions",
        AppliesTo(task=("label", "tag", "rewrite", "caption")),
    ] = False  # fmt: skip
    crf: Annotated[bool, "score sequences of tags (linear-chain CRF)", AppliesTo(task=("tag",))] = (
        False
    )
    decoder: Annotated[
        DecoderName,
        "what writes: attention (symbol by symbol, attending to the source) or ctc (each position "
        "of the source is a symbol or none: its order is the text's)",
        AppliesTo(task=("rewrite", "caption")),
    ] = "attention"
    attention: Annotated[
        AttentionName,
        "how the decoder attends to its source: dot (Luong's general score, scaled), additive "
        "(Bahdanau's) or none",
        AppliesTo(task=("rewrite", "caption"), decoder=("attention",)),
    ] = "dot"
    ctc_frames: Annotated[
        int, Ge(1), Le(64), "frames of a position, each of which is a symbol or none", AUTO,
        ADVANCED, AppliesTo(task=("rewrite", "caption"), decoder=("ctc",)),
    ] = 1  # fmt: skip

    def __post_init__(self) -> None:
        if self.tie_weights and self.one_hot:
            raise ValueError("--tie-weights needs an embedding, which --one-hot leaves out")
        # tied in vain, the sizes may differ: `effect` says so
        if self.tie_weights and self.task == "text" and self.embedding_size != self.hidden_size:
            raise ValueError(
                "--tie-weights needs an embedding of the hidden size: "
                f"--embedding-size {self.hidden_size}, or --hidden-size {self.embedding_size}"
            )

    @property
    def size(self) -> str:
        """Layers and hidden size: 2x256."""
        return f"{self.layers}x{self.hidden_size}"

    @property
    def outputs(self) -> int:
        """Outputs of a recurrent layer: the hidden units of each direction."""
        return self.hidden_size * (1 + self.bidirectional)

    @property
    def reads_columns(self) -> bool:
        """Whether recurrent layers read the columns of a picture, not a decoder its grid."""
        return self.bidirectional or self.decoder == "ctc"

    def with_hidden_size(self, hidden_size: int) -> Self:
        """The same with another hidden size, which a tied embedding follows."""
        embedding_size = hidden_size if self.tie_weights else self.embedding_size
        return self.with_chosen(hidden_size=hidden_size, embedding_size=embedding_size)
