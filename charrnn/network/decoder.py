"""A decoder writes a sequence, symbol by symbol, and attends to what an encoder has read.

The first layer queries the attention; the context that it finds goes into all further layers and
into the output. So a decoder's layers run over a whole target at once while it is trained, whatever
their cell. Sutskever et al. 2014 (https://arxiv.org/abs/1409.3215) without attention; Bahdanau et
al. 2015 (https://arxiv.org/abs/1409.0473) additive; Luong et al. 2015
(https://arxiv.org/abs/1508.04025) `dot`, which is their *general* score, scaled as in Vaswani et
al. 2017 (https://arxiv.org/abs/1706.03762).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from charrnn.cells import CELLS
from charrnn.cells.arrays import Array, full_precision, linear, namespace, rows, softmax, tanh
from charrnn.cells.base import CLOCK, NORMALIZER
from charrnn.cells.parameters import DECODER_LAYERS, UNIT, XAVIER, Parameter, Parameters
from charrnn.network.language_model import head_parameters
from charrnn.network.layers import State, add, enter, leave, stack, stack_parameters
from charrnn.settings import ModelSettings

END = 0
"""The symbol before and after every sequence."""


class Source(NamedTuple):
    """What a decoder reads: outputs (S, B, F), their mask (S, B), a summary of them (B, F).

    `keys` (S, B, H) are what additive attention compares with its query.
    """

    outputs: Array
    mask: Array
    summary: Array
    keys: Array | None

    def repeated(self, indices: Array) -> "Source":
        """The columns of these indices (R,), in this order."""
        keys = None if self.keys is None else self.keys[:, indices]
        return Source(self.outputs[:, indices], self.mask[:, indices], self.summary[indices], keys)


class Decoder:
    """A source and symbols in, logits of the next of K symbols, or END, out."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights, self.cell = settings, weights, CELLS[settings.cell]
        self.layers = stack(settings, weights, "decoder.layers")

    @staticmethod
    def parameters(settings: ModelSettings, symbols: int) -> Parameters:
        """Every parameter by its name in a checkpoint. `symbols`: without END."""
        hidden, outputs, embedding = (
            settings.hidden_size, settings.outputs, settings.embedding_size,
        )  # fmt: skip
        arrays = CELLS[settings.cell].state_shapes(hidden)
        state = settings.layers * sum(map(math.prod, arrays))
        inputs = [embedding] + [hidden + outputs] * (settings.layers - 1)
        attention: dict[str, Parameters] = {
            "dot": {"attention.query": Parameter((outputs, hidden), XAVIER)},
            "additive": {
                "attention.query": Parameter((hidden, hidden), XAVIER),
                "attention.key": Parameter((hidden, outputs), XAVIER),
                "attention.score": Parameter((hidden,), UNIT),
            },
            "none": {},
        }
        return {
            "decoder.first_state.weight": Parameter((state, outputs), XAVIER),
            "decoder.first_state.bias": Parameter((state,)),
            "decoder.embedding.weight": Parameter((symbols + 1, embedding), UNIT, "embedding"),
            **stack_parameters(settings, inputs, "decoder.layers", DECODER_LAYERS),
            **attention[settings.attention],
            **head_parameters(symbols + 1, hidden + outputs),
        }

    @property
    def dropout_sizes(self) -> list[int]:
        """The outputs that dropout may drop, by layer."""
        return [self.settings.hidden_size] * len(self.layers)

    def source(self, outputs: Array, mask: Array, summary: Array) -> Source:
        """An encoder's outputs (S, B, F), mask (S, B) and summary (B, F) as `write` reads them."""
        additive = self.settings.attention == "additive"
        keys = linear(outputs, self.weights["attention.key"]) if additive else None
        return Source(outputs, mask, summary, keys)

    def first_state(self, source: Source) -> State:
        """The state of every layer before a sequence, from the summary (B, F).

        Clocks are 0, and sums of weights 1: of one value, which the summary gives.
        """
        weight, bias = (self.weights[f"decoder.first_state.{name}"] for name in ("weight", "bias"))
        xp = namespace(source.summary)
        flat = full_precision(tanh(linear(source.summary, weight, bias)))
        shapes, first = self.cell.state_shapes(self.settings.hidden_size), 0
        state = []
        for _ in range(self.settings.layers):
            arrays = []
            for name, shape in zip(self.cell.states, shapes, strict=True):
                last = first + math.prod(shape)
                array = xp.reshape(flat[:, first:last], (-1, *shape))
                constant = {CLOCK: xp.zeros_like, NORMALIZER: xp.ones_like}.get(name)
                arrays.append(constant(array) if constant else array)
                first = last
            state.append(tuple(arrays))
        return tuple(state)

    def write(self, source: Source, symbols: Array, masks: Sequence[Array] = ()) -> Array:
        """Logits (T, B, K + 1) of what follows each of the true symbols (T, B), END first."""
        xp = namespace(source.outputs)
        x = self._embed(symbols)
        context = x[..., :0]
        state = self.first_state(source)
        for number, (layer, before, mask) in enumerate(zip_longest(self.layers, state, masks)):
            outputs, _ = layer.run(xp.concat((x, context), axis=-1), before)
            x = add(self.settings, x, outputs, mask)
            if number == 0:
                context, _ = self.attend(source, x)
        return self._logits(x, context)

    def step(self, symbols: Array, state: State, source: Source) -> tuple[Array, State, Array]:
        """Symbols (B,), one a column of the source -> logits of the next (B, K + 1).

        With the state after it, and the attention (B, S) that is paid to each position.
        """
        xp = namespace(source.outputs)
        x = self._embed(symbols)
        context, after = x[..., :0], list[tuple[Array, ...]]()
        for number, (layer, before) in enumerate(zip(self.layers, state, strict=True)):
            after.append(layer.step(xp.concat((x, context), axis=-1), before))
            x = add(self.settings, x, after[-1][0])
            if number == 0:
                contexts, attention = self.attend(source, x[None])
                context = contexts[0]
        return self._logits(x, context), tuple(after), attention[0]

    def attend(self, source: Source, x: Array) -> tuple[Array, Array]:
        """The first layer's outputs (T, B, H) -> context (T, B, F), attention (T, B, S)."""
        xp, outputs = namespace(x), source.outputs
        if self.settings.attention == "none":
            zeros = xp.zeros_like(xp.permute_dims(source.mask, (1, 0)))
            nothing = xp.broadcast_to(zeros, (len(x), *zeros.shape))
            return xp.broadcast_to(source.summary, (len(x), *source.summary.shape)), nothing
        mask = xp.permute_dims(source.mask, (1, 0))
        scores = xp.where(mask, self._scores(source, x), -math.inf)
        attention = softmax(scores)
        context = xp.matmul(
            xp.permute_dims(attention, (1, 0, 2)), xp.permute_dims(outputs, (1, 0, 2))
        )
        return xp.permute_dims(context, (1, 0, 2)), attention

    def _scores(self, source: Source, x: Array) -> Array:
        """How well each position fits each step (T, B, S)."""
        xp, query = namespace(x), linear(x, self.weights["attention.query"])
        if source.keys is None:
            scores = xp.matmul(
                xp.permute_dims(query, (1, 0, 2)), xp.permute_dims(source.outputs, (1, 2, 0))
            )
            return xp.permute_dims(scores, (1, 0, 2)) * source.outputs.shape[-1] ** -0.5
        score = self.weights["attention.score"]
        by_step = [tanh(source.keys + step) @ score for step in query]  # (S, B): all need memory
        return xp.permute_dims(xp.stack(by_step), (0, 2, 1))

    def _embed(self, symbols: Array) -> Array:
        x = rows(self.weights["decoder.embedding.weight"], symbols)
        return enter(self.settings, self.weights, x, "decoder.layers")

    def _logits(self, x: Array, context: Array) -> Array:
        x = leave(self.settings, self.weights, x, "decoder.layers")
        features = namespace(x).concat((x, context), axis=-1)
        return linear(features, self.weights["head.weight"], self.weights["head.bias"])
