"""Sampling many texts at once in torch: the NumPy network, on torch's arrays.

One product serves all texts, on a GPU or in bfloat16 where there is one, so many texts come faster
than from NumPy, once torch has been loaded. But it rounds otherwise, and draws from torch's
generators: texts of a seed are others than NumPy's, and others on another device.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import count, islice, repeat
from typing import Any

import numpy as np
import torch

from charrnn.engine.devices import find_device, use_bf16
from charrnn.engine.threads import BatchThreads
from charrnn.events import Emit, Noticed, Progress
from charrnn.inference import sampling
from charrnn.inference.blocks import SampledText, Writing
from charrnn.inference.drawing import TokenTables, draw, mapped
from charrnn.inference.sampled_texts import in_order
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer

_STEPS = 64  # between two checks, two reports of progress
_Tokens = Iterable[tuple[int, float]]  # of a text, and their bits
DIFFERS = "Texts of a seed differ between --backend torch and NumPy, and between devices."


def sample_many(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    emit: Emit = lambda _: None,
    *,
    bits: bool = False,
) -> Iterator[SampledText]:
    """`inference.sampled_texts.sample_many` on the fastest device there is.

    The network runs in bfloat16 where the device supports it, as in training; draws are in float32.
    At temperature 0 everything is in float32: only the likeliest token counts.
    """
    random = settings.temperatures[0] > 0
    if settings.seed is not None and random:
        emit(Noticed(DIFFERS))
    sampling.check_stops(tokenizer, settings)
    device = find_device("auto")
    bf16 = random and use_bf16(device, "auto")
    dtype = torch.bfloat16 if bf16 else torch.float32
    arrays = {name: torch.from_numpy(weight) for name, weight in network.weights.items()}
    network = LanguageModel(network.settings, {n: a.to(device, dtype) for n, a in arrays.items()})
    threads = BatchThreads(device, settings.count, network.settings.hidden_size)
    seed = torch.seed() % 2**62 if settings.seed is None else settings.seed
    parts = {
        part.start: _tokens(network, tokenizer, settings, device, seed, part, bits)
        for part in threads.slices
    }

    @torch.inference_mode()
    def advance(part: slice) -> list[_Tokens]:
        return next(parts[part.start])

    rounds = (threads.map(advance) for _ in count())
    ended = _ended(tokenizer, settings, rounds, emit, bits=bits)
    yield from in_order(range(1, settings.count + 1), ended)


def _ended(
    tokenizer: Tokenizer,
    settings: SampleSettings,
    rounds: Iterator[list[list[_Tokens]]],
    emit: Emit,
    *,
    bits: bool,
) -> Iterator[list[SampledText]]:
    """Texts as they end, from the tokens of each by parts of the batch."""
    prompt, total = settings.prompt or "", settings.count * settings.length
    texts = {n: Writing(tokenizer, settings, n, prompt) for n in range(settings.count)}
    while texts:
        done = total - sum(text.builder.left for text in texts.values())
        emit(Progress(f"sampling {settings.count} texts", done, total))
        tokens = [of_text for part in next(rounds) for of_text in part]
        whole = [text for n, text in texts.items() if any(text.add(*one) for one in tokens[n])]
        for text in whole:
            del texts[text.number]
        yield [text.whole(bits=bits) for text in whole]


def _tokens(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    device: torch.device,
    seed: int,
    part: slice,
    bits: bool,
) -> Iterator[list[_Tokens]]:
    """Some tokens of each text of a part, from a generator of its own, then the next ones."""
    generator = torch.Generator(device)
    (its_seed,) = np.random.SeedSequence([seed, part.start]).generate_state(1, np.uint64)
    generator.manual_seed(int(its_seed))
    prompt = sampling.read_prompt(network, tokenizer, settings.prompt or "")
    batch = part.stop - part.start

    def repeated(array: Any) -> torch.Tensor:
        return torch.as_tensor(array, device=device).expand(batch, *array.shape)

    def uniform(shape: tuple[int, ...]) -> torch.Tensor:
        return torch.rand(shape, device=device, generator=generator)

    tables = TokenTables(
        *(torch.from_numpy(a).to(device) for a in sampling.token_tables(tokenizer, settings))
    )
    drawn = draw(network, mapped(repeated, prompt), settings, uniform, tables, bits=bits)
    length = max(1, settings.length)
    steps = math.ceil(length / math.ceil(length / _STEPS))
    while True:
        ids, tops, costs = zip(*islice(drawn, steps), strict=True)
        sampling.check_finite(bool(torch.isfinite(torch.stack(tops)).all()))
        tokens = torch.stack(ids).T.tolist()
        nats = torch.stack(costs).T.tolist() if bits else repeat([0.0] * steps)
        yield [list(zip(*pair, strict=True)) for pair in zip(tokens, nats, strict=False)]
