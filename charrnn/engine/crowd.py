"""Many texts at once, with torch: NumPy's player, on torch's arrays.

It pays where there is so much to write that torch has been loaded in less time than it saves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from charrnn.cells.base import Array
from charrnn.engine import device as devices
from charrnn.engine.crew import Crew
from charrnn.play import sample
from charrnn.play.player import Player
from charrnn.settings import ModelSettings, SampleSettings
from charrnn.text.tokenizers import Tokenizer


def blocks(
    model: ModelSettings, weights: Mapping[str, Any], tokenizer: Tokenizer, settings: SampleSettings
) -> Iterator[Array]:
    """What `play.sample.blocks` gives, from the fastest device there is: ids (K, count).

    The network runs in bfloat16 where the device has it, as in training; draws are in float32. At
    temperature 0 nothing is drawn, and all of it is in float32: the likeliest token is what counts.
    """
    device = devices.choose("auto")
    fast = settings.temp > 0 and devices.bf16(device, "auto")
    dtype = torch.bfloat16 if fast else torch.float32
    arrays = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    player = Player(model, {name: array.to(device, dtype) for name, array in arrays.items()})
    crew = Crew(device, settings.count, model.width)

    def texts(share: slice) -> Iterator[torch.Tensor]:
        chance = torch.Generator(device)
        (own,) = np.random.SeedSequence([seed, share.start]).generate_state(1, np.uint64)
        chance.manual_seed(int(own))
        return sample.blocks(
            player,
            tokenizer,
            settings,
            share.stop - share.start,
            lambda shape: torch.rand(shape, device=device, generator=chance),
        )

    seed = torch.seed() % 2**62 if settings.seed is None else settings.seed
    shares = {share.start: texts(share) for share in crew.shares}

    @torch.inference_mode()
    def advance(share: slice) -> Array:
        return next(shares[share.start]).cpu().numpy()

    while True:
        yield np.concatenate(crew.map(advance), axis=1)
