"""Where to compute, and how precisely."""

import pytest
import torch

from charrnn.engine.devices import autocast, cpu_threads, find_device, memory_checked, use_bf16
from charrnn.errors import UsageError


@pytest.fixture
def gpus(monkeypatch):
    """Pretend that torch finds so many GPUs."""

    def pretend(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    return pretend


@pytest.mark.parametrize(
    ("count", "name", "expected"),
    [
        (0, "auto", "cpu"),
        (0, "cpu", "cpu"),
        (1, "auto", "cuda"),
        (1, "cpu", "cpu"),
        (1, "cuda", "cuda"),
        (1, "cuda:0", "cuda:0"),
        (2, "cuda:1", "cuda:1"),
    ],
)
def test_a_device_is_found_by_its_name(gpus, count, name, expected):
    """cuda:1 that computes on the first GPU; a GPU that `auto` leaves idle."""
    gpus(count)
    assert find_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    ("count", "name"), [(0, "cuda"), (0, "cuda:0"), (1, "cuda:1"), (2, "cuda:2"), (1, "mps")]
)
def test_a_missing_device_is_an_error_with_a_hint(gpus, count, name):
    """torch's own message, after the network was made."""
    gpus(count)
    with pytest.raises(UsageError) as caught:
        find_device(name)
    assert name in caught.value.message
    assert "--device" in caught.value.hint


def test_precision_is_what_was_asked_for(monkeypatch):
    """bf16 on a processor that computes it slowly, or fp32 that is ignored."""
    cpu = torch.device("cpu")
    for features in {}, {"avx512_bf16": True}, {"amx_bf16": True}:
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda found=features: found, raising=False
        )
        assert use_bf16(cpu, "auto") == bool(features)
        assert use_bf16(cpu, "bf16")
        assert not use_bf16(cpu, "fp32")
    assert not use_bf16(torch.device("mps"), "auto")
    monkeypatch.delattr(torch.cpu, "get_capabilities")  # as in torch 2.6
    assert not use_bf16(cpu, "auto")


@pytest.mark.parametrize("enabled", [True, False])
def test_products_are_in_bfloat16_only_where_it_is_on(enabled):
    """A flag that does nothing."""
    with autocast(torch.device("cpu"), enabled):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if enabled else torch.float32)


def test_the_number_of_threads_is_restored_after_an_error():
    """A process that stays on one core after a failure."""
    before = torch.get_num_threads()
    with pytest.raises(KeyError), cpu_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_only_a_lack_of_memory_is_explained():
    """A bug of another kind that is shown as a lack of memory, and loses its traceback."""
    with pytest.raises(UsageError) as caught, memory_checked():
        torch.empty(1 << 60)
    assert "--hidden-size" in caught.value.hint
    with pytest.raises(RuntimeError, match="shape"), memory_checked():
        torch.ones(2, 3) @ torch.ones(2, 3)
