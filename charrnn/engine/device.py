"""Where to compute, and how precisely."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from charrnn.errors import UsageError


def choose(name: str) -> torch.device:
    """`auto` is CUDA where there is one, else the CPU; MPS only when named (pytorch#94691)."""
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = "cuda" if available["cuda"] else "cpu"
    if not available[name]:
        raise UsageError(f"torch finds no {name} device here", "Leave --device out, or take cpu.")
    torch.backends.cudnn.allow_tf32 = False  # fp32 means fp32; bf16 is faster where it will do
    return torch.device(name)


def bf16(device: torch.device, precision: str) -> bool:
    """Whether to multiply in bfloat16: `auto` does where the hardware has it."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cpu":
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def autocast(device: torch.device, enabled: bool) -> AbstractContextManager[None]:
    """Matrix products in bfloat16, sums and losses in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """A block in which torch shares a product between so many cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def fitting_memory() -> Iterator[None]:
    """A block that makes a network. UsageError if there is not enough memory for it."""
    try:
        yield
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise UsageError(
            "the network does not fit into memory", "Take a smaller --width, or fewer --layers."
        ) from None
