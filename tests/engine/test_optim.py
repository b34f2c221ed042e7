"""The optimizers and the schedule."""

import pytest
import torch
from hypothesis import given, strategies as st
from torch import nn

from charrnn.engine.model import CharRNN
from charrnn.engine.optim import AdamW, Muon, optimizers, orthogonal, schedule
from charrnn.settings import ModelSettings, TrainSettings


@pytest.mark.parametrize("iterations", [3, 5])
@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 32), (2, 32, 8)])
def test_orthogonal_brings_singular_values_together(shape, iterations):
    """A transpose that is not undone, or an iteration that blows up."""
    torch.manual_seed(0)
    found = orthogonal(torch.randn(shape), iterations)
    assert found.shape == shape
    values = torch.linalg.svdvals(found)
    assert values.min() > (0.3 if iterations == 5 else 0.05)
    assert values.max() < 1.6


def test_muon_treats_each_gate_by_itself():
    """Gates orthogonalised as one tall matrix, so that one large gate starves the others."""
    torch.manual_seed(0)
    gates = [nn.Parameter(torch.randn(4, 6)) for _ in range(2)]
    stacked = nn.Parameter(torch.cat([g.detach() for g in gates]))
    grads = [torch.randn(4, 6), 1000 * torch.randn(4, 6)]
    for gate, grad in zip(gates, grads, strict=True):
        gate.grad = grad
    stacked.grad = torch.cat(grads)
    for params in (gates, [stacked]):
        Muon(params, 4, lr=0.1, weight_decay=0.1, dtype=torch.float32).step()
    torch.testing.assert_close(stacked.detach(), torch.cat([g.detach() for g in gates]))


def test_wide_gates_take_turns():
    """Gates that are never made orthogonal again, or all at once at full cost."""
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(4 * 512, 8))
    optimizer = Muon([weight], 512, lr=0.1, weight_decay=0.0, dtype=torch.float32)
    changed = []
    for _ in range(5):
        weight.grad = torch.randn_like(weight)
        before = optimizer.state[weight].get("direction", torch.zeros_like(weight)).clone()
        optimizer.step()
        after = optimizer.state[weight]["direction"]
        moved = [
            not torch.equal(*pair) for pair in zip(before.split(512), after.split(512), strict=True)
        ]
        changed.append(moved)
    assert changed[0] == [True] * 4
    assert [sum(moved) for moved in changed[1:]] == [1, 1, 1, 1]
    assert all(any(turns) for turns in zip(*changed[1:], strict=True))


def test_muon_learns_a_linear_map():
    """A sign, or a rate that is never used."""
    torch.manual_seed(0)
    target = torch.randn(8, 8)
    weight = nn.Parameter(torch.zeros(8, 8))
    optimizer = Muon([weight], 8, lr=0.1, weight_decay=0.0, dtype=torch.float32)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 300)
        optimizer.zero_grad()
        ((weight - target) ** 2).sum().backward()
        optimizer.step()
    assert (weight - target).norm() < 0.1 * target.norm()


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_every_parameter_has_one_optimizer(name):
    """A bias that nobody trains, or a matrix that two do."""
    model = CharRNN(ModelSettings(width=8, embedding=4), 5)
    found = optimizers(model, TrainSettings(optimizer=name), torch.float32)
    ids = [id(p) for o in found for g in o.param_groups for p in g["params"]]
    assert sorted(ids) == sorted(id(p) for p in model.parameters())
    assert len(found) == (2 if name == "muon" else 1)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adamw_is_that_of_torch(decay):
    """Another epsilon, a step that is not counted, a decay that the gradient's size scales."""
    torch.manual_seed(0)
    shapes = [(4, 6), (5,), ()]
    ours, theirs = ([nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    mine = AdamW([{"params": ours, "lr": 0.1, "weight_decay": decay}])
    other = torch.optim.AdamW(theirs, lr=0.1, betas=(0.9, 0.99), weight_decay=decay)
    for step in range(5):
        mine.param_groups[0]["lr"] = other.param_groups[0]["lr"] = 0.1 / (1 + step)
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.clone()
        mine.step()
        other.step()
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(p, q)
    mine.zero_grad()
    assert [p.grad for p in ours] == [None] * 3


@given(
    warmup=st.integers(0, 100), hold=st.integers(0, 200), more=st.integers(1, 1000),
    step=st.integers(0, 2000),
)  # fmt: skip
def test_schedule_rises_holds_and_falls(warmup, hold, more, step):
    """A jump where the length becomes known, a negative rate at the end."""
    steps = hold + more
    rates = [schedule(s, warmup, hold, steps) for s in range(steps)]
    assert all(0 < r <= 1 for r in rates)
    assert rates[hold:] == sorted(rates[hold:], reverse=True)
    assert rates[:hold] == sorted(rates[:hold])
    if step < hold and warmup <= hold:  # as a run by time makes sure
        assert schedule(step, warmup, hold, None) == rates[step]


def test_muon_has_momentum_and_weight_decay():
    """A setting that is taken and forgotten."""
    weight = nn.Parameter(torch.ones(4, 4))
    optimizer = Muon([weight], 4, lr=0.1, weight_decay=0.5, dtype=torch.float32)
    weight.grad = torch.zeros(4, 4)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 0.95))
    optimizer.param_groups[0]["weight_decay"] = 0.0
    weight.grad = torch.eye(4)
    optimizer.step()
    before = weight.detach().clone()
    weight.grad = torch.zeros(4, 4)
    optimizer.step()
    assert (weight - before).diagonal().max() < -0.01
