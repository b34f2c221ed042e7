"""Sampling many texts at once in torch: the NumPy network, on torch's arrays.

One product serves all texts, on a GPU or in bfloat16 where there is one, so many texts come faster
than from NumPy, once torch has been loaded. But it rounds otherwise, and draws from torch's
generators: texts of a seed are others than NumPy's, and others on another device.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch

from charrnn.engine.devices import find_device, use_bf16
from charrnn.engine.threads import BatchThreads
from charrnn.events import Emit, Noticed
from charrnn.inference import sampled_texts, sampling
from charrnn.inference.drawing import Prompt, TokenTables, draw
from charrnn.inference.sampled_texts import Block, SampledText, detokenize
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer

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
        part.start: _blocks(network, tokenizer, settings, device, seed, part, bits)
        for part in threads.slices
    }

    @torch.inference_mode()
    def advance(part: slice) -> Block:
        ids, costs = next(parts[part.start])
        return Block(ids.cpu().numpy(), None if costs is None else costs.cpu().numpy())

    joined = (sampled_texts.joined(threads.map(advance)) for _ in count())
    texts = [(number, settings.prompt or "") for number in range(settings.count)]
    yield from detokenize(tokenizer, settings, texts, joined, emit)


def _blocks(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    device: torch.device,
    seed: int,
    part: slice,
    bits: bool,
) -> Iterator[Block]:
    """The tokens of a part of the texts, from a generator of its own, block by block."""
    generator = torch.Generator(device)
    (its_seed,) = np.random.SeedSequence([seed, part.start]).generate_state(1, np.uint64)
    generator.manual_seed(int(its_seed))
    prompt = sampling.read_prompt(network, tokenizer, settings.prompt or "")
    batch = part.stop - part.start

    def repeated(array: torch.Tensor) -> torch.Tensor:
        return array.expand(batch, *array.shape)

    def uniform(shape: tuple[int, ...]) -> torch.Tensor:
        return torch.rand(shape, device=device, generator=generator)

    tables = TokenTables(
        *(torch.from_numpy(a).to(device) for a in sampling.token_tables(tokenizer, settings))
    )
    state = tuple(tuple(map(repeated, layer)) for layer in prompt.state)
    recent = torch.from_numpy(prompt.recent).to(device)
    prompts = Prompt(repeated(prompt.logits), state, repeated(recent))
    drawn = draw(network, prompts, settings, uniform, tables, bits=bits)
    yield from sampled_texts.in_blocks(drawn, settings)
