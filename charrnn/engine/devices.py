"""Where to compute, and how precisely."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from charrnn.errors import UsageError, enough_memory
from charrnn.tasks.base import Batch


def find_device(name: str) -> torch.device:
    """`auto` is CUDA where there is one, else the CPU; MPS only when named (pytorch#94691).

    Switches TF32 off in cuDNN, so that fp32 is fp32.

    UsageError if there is no such device.
    """
    kind, _, index = name.partition(":")
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "cpu"
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available.get(kind):
        raise UsageError(f"torch finds no device {name} here", "Leave --device out, or try cpu.")
    torch.backends.cudnn.allow_tf32 = False  # fp32 means fp32; bf16 is the faster precision
    return torch.device(f"{kind}:{index}" if index else kind)


def use_bf16(device: torch.device, precision: str) -> bool:
    """Whether to multiply in bfloat16: `auto` does where the hardware supports it."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cpu":
        features = getattr(torch.cpu, "get_capabilities", dict[str, bool])()  # torch 2.6 lacks it
        return bool(features.get("avx512_bf16") or features.get("amx_bf16"))
    if device.type != "cuda":
        return False
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def autocast(device: torch.device, enabled: bool) -> AbstractContextManager[None]:
    """Matrix products in bfloat16, sums and losses in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


@contextmanager
def cpu_threads(number: int) -> Iterator[None]:
    """A block in which torch splits a product among this number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def memory_checked() -> AbstractContextManager[None]:
    """A block that makes a network. UsageError if the memory does not suffice."""
    hint = "Choose a smaller --hidden-size, or fewer --layers."
    return enough_memory(lambda: UsageError("the network does not fit into memory", hint))


def to_device(batch: Batch, device: torch.device) -> Batch:
    """NumPy's batch as torch's, on a device."""
    tensors = [None if array is None else torch.from_numpy(array) for array in batch]
    if device.type == "cuda":  # copied without waiting for the last step
        tensors = [None if tensor is None else tensor.pin_memory() for tensor in tensors]
    return Batch(*(None if t is None else t.to(device, non_blocking=True) for t in tensors))
