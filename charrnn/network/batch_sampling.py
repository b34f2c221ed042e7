"""Sampling many texts at once in torch: the NumPy network, on torch's arrays.

One product serves all texts, on a GPU or in bfloat16 where there is one, so many texts come faster
than from NumPy, once torch has been loaded. But it rounds otherwise, and draws from torch's
generators: texts of a seed are others than NumPy's, and others on another device.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch

from charrnn.cells.base import Array
from charrnn.events import Emit, Noticed
from charrnn.inference import sampling
from charrnn.inference.network import Network
from charrnn.inference.sampled_text import SampledText, spell
from charrnn.network.device import find_device, use_bf16
from charrnn.network.threads import BatchThreads
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer

DIFFERS = "Texts of a seed differ between --backend torch and NumPy, and between devices."


def sample_many(
    network: Network,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    emit: Emit = lambda _: None,
) -> Iterator[SampledText]:
    """`inference.sampling.sample_many` on the fastest device there is.

    The network runs in bfloat16 where the device supports it, as in training; draws are in float32.
    At temperature 0 everything is in float32: only the likeliest token counts.
    """
    if settings.seed is not None and settings.temp:
        emit(Noticed(DIFFERS))
    device = find_device("auto")
    bf16 = settings.temp > 0 and use_bf16(device, "auto")
    dtype = torch.bfloat16 if bf16 else torch.float32
    arrays = {name: torch.from_numpy(weight) for name, weight in network.weights.items()}
    network = Network(network.settings, {n: a.to(device, dtype) for n, a in arrays.items()})
    threads = BatchThreads(device, settings.count, network.settings.hidden_size)
    seed = torch.seed() % 2**62 if settings.seed is None else settings.seed

    def blocks(part: slice) -> Iterator[Array]:
        generator = torch.Generator(device)
        (own,) = np.random.SeedSequence([seed, part.start]).generate_state(1, np.uint64)
        generator.manual_seed(int(own))
        logits, state = sampling.read_prompt(network, tokenizer, settings)
        batch = (part.stop - part.start,)

        def uniform(shape: tuple[int, ...]) -> torch.Tensor:
            return torch.rand(shape, device=device, generator=generator)

        yield from sampling.draw_blocks(network, logits, state, batch, settings, uniform)

    parts = {part.start: blocks(part) for part in threads.slices}

    @torch.inference_mode()
    def advance(part: slice) -> Array:
        return next(parts[part.start]).cpu().numpy()

    joined = (np.concatenate(threads.map(advance), axis=1) for _ in count())
    yield from spell(tokenizer, settings, range(settings.count), joined, emit)
