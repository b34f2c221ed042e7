"""The optimizers, and which parameters each updates."""

import pytest
import torch
from torch import nn

from charrnn.engine.module import Module
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.training.muon import Muon, make_optimizers, orthogonalize
from charrnn.training.optimizers import SGD, Adagrad, AdamW, Group, RMSprop


def group(params, peak=0.1, decay=0.0):
    return Group({str(n): p for n, p in enumerate(params)}, peak, decay)


def muon(params, block, peak=0.1, decay=0.0):
    return Muon([group(params, peak, decay)], block, torch.float32)


@pytest.mark.parametrize("iterations", [3, 5])
@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 32), (2, 32, 8)])
def test_orthogonalize_brings_singular_values_together(shape, iterations):
    """A transpose that is not undone, or an iteration that blows up."""
    torch.manual_seed(0)
    found = orthogonalize(torch.randn(shape), iterations)
    assert found.shape == shape
    values = torch.linalg.svdvals(found)
    assert values.min() > (0.3 if iterations == 5 else 0.05)
    assert values.max() < 1.6


def test_muon_treats_each_gate_by_itself():
    """Gates orthogonalized as one tall matrix, so that one large gate starves the others."""
    torch.manual_seed(0)
    gates = [nn.Parameter(torch.randn(4, 6)) for _ in range(2)]
    stacked = nn.Parameter(torch.cat([g.detach() for g in gates]))
    grads = [torch.randn(4, 6), 1000 * torch.randn(4, 6)]
    for gate, grad in zip(gates, grads, strict=True):
        gate.grad = grad
    stacked.grad = torch.cat(grads)
    for params in (gates, [stacked]):
        muon(params, 4, decay=0.1).step()
    torch.testing.assert_close(stacked.detach(), torch.cat([g.detach() for g in gates]))


def test_gates_of_large_layers_take_turns():
    """Gates that are never orthogonalized again, or all at once at full cost."""
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(4 * 512, 8))
    optimizer = muon([weight], 512)
    changed = []
    for _ in range(5):
        weight.grad = torch.randn_like(weight)
        before = optimizer.state["0"]["direction"].clone()
        optimizer.step()
        after = optimizer.state["0"]["direction"]
        pairs = zip(before.split(512), after.split(512), strict=True)
        changed.append([not torch.equal(*pair) for pair in pairs])
    assert changed[0] == [True] * 4
    assert [sum(moved) for moved in changed[1:]] == [1, 1, 1, 1]
    assert all(any(turns) for turns in zip(*changed[1:], strict=True))


def test_muon_learns_a_linear_map():
    """A wrong sign, or a learning rate that is not used."""
    torch.manual_seed(0)
    target = torch.randn(8, 8)
    weight = nn.Parameter(torch.zeros(8, 8))
    optimizer = muon([weight], 8)
    for step in range(300):
        optimizer.groups[0].learning_rate = 0.1 * (1 - step / 300)
        optimizer.zero_grad()
        ((weight - target) ** 2).sum().backward()
        optimizer.step()
    assert (weight - target).norm() < 0.1 * target.norm()


def test_muon_has_momentum_and_weight_decay():
    """A setting that is taken and forgotten."""
    weight = nn.Parameter(torch.ones(4, 4))
    optimizer = muon([weight], 4, decay=0.5)
    weight.grad = torch.zeros(4, 4)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 0.95))
    optimizer.groups[0].weight_decay = 0.0
    weight.grad = torch.eye(4)
    optimizer.step()
    before = weight.detach().clone()
    weight.grad = torch.zeros(4, 4)
    optimizer.step()
    assert (weight - before).diagonal().max() < -0.01


@pytest.mark.parametrize("model", [{}, {"one_hot": True}, {"tie_weights": True}])
@pytest.mark.parametrize("name", ["muon", "adamw", "rmsprop", "adagrad", "sgd"])
def test_every_parameter_has_one_optimizer(name, model):
    """A bias that nobody trains, or a matrix that two do; a state that lacks a parameter."""
    settings = ModelSettings(hidden_size=8, embedding_size=8, **model)
    network = Module(settings, LanguageModel.parameters(settings, 5), LanguageModel)
    found = make_optimizers(network, TrainSettings(optimizer=name), torch.float32)
    names = [n for o in found for g in o.groups for n in g.params]
    assert sorted(names) == sorted(n for n, _ in network.named_parameters())
    assert sorted(n for o in found for n in o.state) == sorted(names)
    assert len(found) == (2 if name == "muon" else 1)
    assert found[0].groups[0].peak == found[0].groups[0].learning_rate


OTHERS = {
    AdamW: lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.9, 0.99), weight_decay=0.2),
    RMSprop: lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.95),
    Adagrad: lambda p: torch.optim.Adagrad(p, lr=0.1),
    SGD: lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_an_optimizer_is_that_of_torch(kind):
    """Another epsilon, a step that is not counted, a decay that the gradient's size scales."""
    torch.manual_seed(0)
    shapes = [(4, 6), (5,), ()]
    ours, theirs = ([nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    mine, other = kind([group(ours, decay=0.2 if kind is AdamW else 0.0)]), OTHERS[kind](theirs)
    for step in range(5):
        mine.groups[0].learning_rate = other.param_groups[0]["lr"] = 0.1 / (1 + step)
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.clone()
        mine.step()
        other.step()
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)
    mine.zero_grad()
    assert [p.grad for p in ours] == [None] * 3


@pytest.mark.parametrize("kind", OTHERS)
def test_weight_decay_is_decoupled_from_the_gradient(kind):
    """A decay that the optimizer scales like a gradient."""
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.zeros(3)
    kind([group([weight], decay=0.5)]).step()
    torch.testing.assert_close(weight.detach(), torch.full((3,), 0.95))
