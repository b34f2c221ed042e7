"""A network's parameters in torch: how they begin, and how they are copied."""

import math

import pytest
import torch

from charrnn.cells import CELLS
from charrnn.cells.parameters import count
from charrnn.network.language_model import LanguageModel
from tests.cells.examples import untrained_layer
from tests.random_models import untrained_module

V, H = 9, 4
every_cell = pytest.mark.parametrize("cell", CELLS)
every_class = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
KINDS = {"plain": {}, "tied": {"tie_weights": True}, "one-hot": {"one_hot": True}}


def make(cell="lstm", hidden_size=8, embedding_size=8, **settings):
    return untrained_module(
        V, cell=cell, hidden_size=hidden_size, embedding_size=embedding_size, **settings
    )


def weights_of(cell, inputs, hidden):
    """The initial weights of a layer."""
    torch.manual_seed(2)
    return {n: p.detach() for n, p in untrained_layer(cell, inputs, hidden).weights.items()}


def initial_bias(cell, hidden):
    """How each number of a cell's bias begins."""
    initial = cell.parameters(1, hidden)["bias_ih"].initial
    if initial.kind == "values":
        return torch.tensor(initial.values)
    return torch.tensor(cell.bias or (0.0,) * len(cell.blocks)).repeat_interleave(hidden)


def told(cell):
    """The initial numbers of the vectors that say so, by name."""
    declared = cell.parameters(5, H)
    return {n: p.initial.values for n, p in declared.items() if p.initial.kind == "values"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@every_cell
def test_parameters_are_those_that_are_declared(cell, kind):
    """A checkpoint that the network's own parameters do not fit."""
    model = make(cell, layers=3, **kind)
    declared = LanguageModel.parameters(model.settings, V)
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    assert shapes == {name: parameter.shape for name, parameter in declared.items()}
    assert sum(p.numel() for p in model.parameters()) == count(declared)


def test_parameters_keep_their_order():
    """A sum over parameters, as the norm for clipping, that rounds otherwise: other bits."""
    cell = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    layers = [f"layers.{n}.{name}" for n in range(2) for name in cell]
    expected = ["head.bias", "head.weight", "embedding.weight", *layers]
    assert [name for name, _ in make(layers=2).named_parameters()] == expected


@every_class
def test_recurrent_weights_begin_orthogonal_or_as_the_identity(cell):
    """A matrix of all gates at once that is orthogonal, where each gate's should be."""
    weights = weights_of(cell, 5, 8)
    for block in weights.get("weight_hh", torch.empty(0, 8)).split(8):
        torch.testing.assert_close(block @ block.T, torch.eye(len(block)))
        assert torch.equal(block, torch.eye(8)) == (cell is CELLS["irnn"])


@every_class
def test_input_weights_begin_as_xaviers_of_each_gate(cell):
    """Weights drawn for a matrix of G*H rows: too small for each gate's H."""
    blocks = weights_of(cell, 48, 64)["weight_ih"].split(64)
    assert len(blocks) == len(cell.blocks)
    bound = math.sqrt(6 / (48 + 64))
    for block in blocks:
        if cell is CELLS["irnn"]:
            assert block.std() == pytest.approx(0.001, rel=0.1)
        else:
            assert 0.98 * bound < block.abs().max() <= bound
            assert block.std() == pytest.approx(bound / math.sqrt(3), rel=0.1)


@every_class
def test_biases_begin_at_zero_but_for_the_open_forget_gate(cell):
    """A bias on the wrong gate, or torch's uniform numbers left in a bias."""
    weights = weights_of(cell, 5, H)
    assert torch.equal(weights.pop("bias_ih"), initial_bias(cell, H))
    for name, values in told(cell).items():
        if name != "bias_ih":
            assert weights.pop(name).tolist() == pytest.approx(values)
    assert not any(w.any() for n, w in weights.items() if w.dim() == 1 and n != "conv")
    if "forget" in cell.gates and len(cell.blocks) > 2:  # two gates that could be exchanged
        assert 1.0 in cell.bias or cell is CELLS["slstm"]


@every_cell
def test_uniform_weights_begin_as_char_rnns(cell):
    """A parameter that `--init uniform` leaves out; a forget gate that begins shut."""
    model = make(cell, hidden_size=32, init="uniform")
    for name, parameter in model.named_parameters():
        values = model.declared[name].initial.values
        if model.declared[name].initial.kind == "values":
            assert parameter.tolist() == pytest.approx(values), name
        elif values:
            for block, value in zip(parameter.split(32), values, strict=True):
                assert (block == value).all() if value else 0 < block.abs().max() <= 0.08
        else:
            assert 0.02 < parameter.abs().max() <= 0.08, name
            assert parameter.min() < 0 < parameter.max(), name


@every_cell
def test_normal_weights_begin_as_min_char_rnns(cell):
    """A matrix that `--init normal` leaves out; a bias that is random."""
    model = make(cell, hidden_size=32, init="normal")
    for name, parameter in model.named_parameters():
        if model.declared[name].initial.kind == "values":
            assert parameter.tolist() == pytest.approx(model.declared[name].initial.values), name
        elif parameter.dim() > 1:
            assert parameter.std().item() == pytest.approx(0.01, rel=0.2), name
        elif name.endswith("bias_ih"):
            assert torch.equal(parameter, initial_bias(CELLS[cell], 32)), name
        else:
            assert not parameter.any(), name


def test_weights_begin_at_unit_variance_in_the_embedding_and_xaviers_in_the_head():
    """Logits that begin large, or an embedding that begins small."""
    weights = make(hidden_size=64, embedding_size=64).weights
    assert weights["embedding.weight"].std().item() == pytest.approx(1.0, rel=0.2)
    bound = (6 / (V + 64)) ** 0.5
    assert 0.95 * bound < weights["head.weight"].abs().max() <= bound
    assert not weights["head.bias"].any()


def test_the_seed_decides_the_weights():
    """A generator of its own, or weights left as the memory was."""
    first, same, other = (make(seed=seed).export() for seed in (1, 1, 2))
    assert all((first[name] == same[name]).all() for name in first)
    assert not (first["head.weight"] == other["head.weight"]).all()


def test_exported_weights_are_a_copy_and_can_be_loaded():
    """An exported average that training goes on changing; a parameter that is not loaded."""
    model, other = make(seed=1), make(seed=2)
    weights = model.export()
    other.load(weights)
    loaded = other.export()
    assert all((loaded[name] == weight).all() for name, weight in weights.items())
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1)
    assert all((weights[name] == w).all() for name, w in model.export().items())
    with pytest.raises(KeyError):
        other.load({name: w for name, w in weights.items() if name != "head.bias"})


@pytest.mark.parametrize("way", ["clone", "frozen"])
def test_a_copy_computes_with_its_own_weights(way):
    """A copy whose network still has the weights of the first, or that shares their memory."""
    model, ids = make(), torch.randint(V, (6, 2))
    twin = getattr(model, way)()
    with torch.no_grad():
        before, _ = model.network.forward(ids, model.network.zero_state(2))
        for parameter in twin.parameters():
            parameter.mul_(2)
        after, _ = model.network.forward(ids, model.network.zero_state(2))
        other, _ = twin.network.forward(ids, twin.network.zero_state(2))
    assert torch.equal(before, after)
    assert not torch.equal(before, other)
    learns = [parameter.requires_grad for parameter in twin.parameters()]
    assert set(learns) == {way == "clone"}


def test_dropout_is_the_same_at_every_step_of_a_sequence():
    """Ordinary dropout, which drops other units at each step."""
    model = make(dropout=0.25, hidden_size=64, layers=2)
    masks = model.dropout_masks(batch_size=300)
    assert [mask.shape for mask in masks] == [(1, 300, 64)] * 2
    for mask in masks:
        assert mask.unique().tolist() == pytest.approx([0, 4 / 3])
        assert (mask == 0).float().mean() == pytest.approx(0.25, abs=0.02)
    assert not torch.equal(*masks)
    assert make(dropout=0.0).dropout_masks(3) == []
