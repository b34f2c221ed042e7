"""A picture as a grid of features, by convolutions; features from elsewhere by one product."""

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.network.recurrent import RecurrentNetwork
from charrnn.storage.layout import POOLS


def encode_pictures(network: RecurrentNetwork, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures (B, 1, height, width) or features (B, cells, D) -> outputs, summary.

    They are (S, B, F) and (B, F). S counts the cells of the grid, row by row. Each cell adds a
    vector of its own, which tells the attention where it is. The summary is the mean, or without
    attention a product of all cells.
    """
    encoder = network.get_submodule("encoder")
    if inputs.dim() == 3:
        weight, bias = (encoder.get_parameter(f"features.{name}") for name in ("weight", "bias"))
        found = F.relu(F.linear(inputs, weight, bias)).transpose(0, 1)
    else:
        x = inputs.to(memory_format=torch.channels_last)  # a quarter faster on a processor
        for number, pool in enumerate(POOLS):
            weight, bias = (
                encoder.get_parameter(f"convolutions.{number}.{name}")
                for name in ("weight", "bias")
            )
            x = F.max_pool2d(F.relu(F.conv2d(x, weight, bias, padding=1)), pool)
        found = x.flatten(2).permute(2, 0, 1)
    outputs = found + encoder.get_parameter("positions")[:, None]
    if network.settings.attention != "none":
        return outputs, outputs.mean(0)
    cells = outputs.transpose(0, 1).flatten(1) * len(outputs) ** -0.5  # as large as one cell
    return outputs, torch.tanh(F.linear(cells, encoder.get_parameter("summary.weight")))
