"""Threads that split a batch between them."""

from threading import Event

import pytest
import torch
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.engine.threads import BatchThreads
from charrnn.network.layers import detach_state, join_states, slice_state
from tests.random_models import untrained_module

CPU = torch.device("cpu")
B, V = 97, 9
KINDS = {"plain": {}, "tied": {"tie_weights": True}, "one-hot": {"one_hot": True}}


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield BatchThreads(CPU, B, hidden_size=8)
    torch.set_num_threads(before)


class Example:
    """A network, a batch with dropout, and its mean loss on a slice of the batch."""

    def __init__(self, **settings):
        sizes = {"hidden_size": 8, "embedding_size": 8, "dropout": 0.3}
        self.model = untrained_module(V, **sizes, **settings)
        self.ids, self.masks = torch.randint(V, (12, B)), self.model.dropout_masks(B)
        network = self.model.network
        self.state = detach_state(network.forward(self.ids, network.zero_state(B))[1])

    def work(self, model, part):
        masks = [mask[:, part] for mask in self.masks]
        state = slice_state(self.state, part)
        logits, after = model.network.forward(self.ids[:-1, part], state, masks)
        loss = F.cross_entropy(logits.flatten(0, 1), self.ids[1:, part].flatten(), reduction="sum")
        loss = loss / self.ids[1:].numel()
        loss.backward()
        return loss.detach(), after

    def gradients(self):
        """What `.grad` holds, which is then cleared."""
        gradients = [parameter.grad for parameter in self.model.parameters()]
        for parameter in self.model.parameters():
            parameter.grad = None
        return gradients


def assert_threads_equal_one(threads, example):
    expected, expected_after = example.work(example.model, slice(0, B))
    expected_gradients = example.gradients()
    losses, states = zip(*threads.backward(example.model, example.work, B), strict=True)
    torch.testing.assert_close(torch.stack(losses).sum(), expected)
    torch.testing.assert_close(join_states(states), expected_after)
    torch.testing.assert_close(example.gradients(), expected_gradients)


@pytest.mark.parametrize("cell", CELLS)
def test_many_threads_find_the_gradient_of_one(threads, cell):
    """Slices of unequal size that weigh the same, are left out or come in another order."""
    assert threads.size == 3
    assert [b for part in threads.slices for b in range(B)[part]] == list(range(B))
    assert_threads_equal_one(threads, Example(cell=cell))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_replicas_follow_the_weights_and_keep_no_gradient(threads, kind):
    """A replica that computes with the weights of an earlier step, or adds an old gradient."""
    example = Example(**kind)
    for _ in range(3):
        assert_threads_equal_one(threads, example)
        with torch.no_grad():
            for parameter in example.model.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
    assert all(p.grad is None for replica in threads.replicas[1:] for p in replica.parameters())
    pointers = [[p.data_ptr() for p in replica.parameters()] for replica in threads.replicas]
    assert pointers[0] == pointers[1] == pointers[2]  # no memory for weights of their own


def test_the_same_work_gives_the_same_bits(threads):
    """A sum that depends on which thread comes first."""
    example = Example()
    first, *others = (
        [
            *(loss for loss, _ in threads.backward(example.model, example.work, B)),
            *example.gradients(),
        ]
        for _ in range(5)
    )
    assert all(torch.equal(a, b) for other in others for a, b in zip(first, other, strict=True))


def test_results_come_in_the_order_of_the_batch(threads):
    """Results in the order in which threads end."""
    last_is_done = Event()

    def work(part):
        if part.start == 0:
            assert last_is_done.wait(timeout=60)
        elif part.stop == B:
            last_is_done.set()
        return part

    assert threads.map(work) == threads.slices


def test_an_error_in_a_thread_is_an_error(threads):
    """A failure that the caller does not see."""
    with pytest.raises(ZeroDivisionError):
        threads.map(lambda part: 1 // part.start)


@pytest.mark.parametrize(
    ("device", "batch_size", "hidden_size", "size", "cores_each"),
    [
        ("cpu", 128, 256, 4, 1),
        ("cpu", 64, 256, 2, 2),  # at least 32 sequences a thread
        ("cpu", 31, 256, 1, None),
        ("cpu", 128, 512, 1, None),  # weights outgrow the cache
        ("cpu", 2, 64, 1, 1),  # too small for two cores
        ("cuda", 128, 256, 1, None),
    ],
)
def test_as_many_threads_as_pay_off(device, batch_size, hidden_size, size, cores_each):
    """More threads than cores, or none; a GPU driven by several; cores that stay idle."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        threads = BatchThreads(torch.device(device), batch_size, hidden_size)
        assert (threads.size, len(threads.slices)) == (size, size)
        pooled = threads.pool is not None
        cores = threads.map(lambda _: torch.get_num_threads()) if pooled else [None]
        assert set(cores) == {cores_each}
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)
