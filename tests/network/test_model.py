"""The network around the cells."""

import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.devices import autocast
from charrnn.network.model import CharRNN
from charrnn.network.layers import detach_state, join_states, slice_state
from charrnn.settings import ModelSettings
from charrnn.storage.layout import parameter_count, parameter_shapes

V = 9
every_cell = pytest.mark.parametrize("cell", CELLS)
KINDS = {"plain": {}, "tied": {"tie_weights": True}, "one-hot": {"one_hot": True}}
THEIRS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "elman": torch.nn.RNN}


def make(cell="lstm", hidden_size=8, embedding_size=8, seed=0, **settings):
    torch.manual_seed(seed)
    sizes = {"hidden_size": hidden_size, "embedding_size": embedding_size}
    return CharRNN(ModelSettings(cell=cell, **sizes, **{"dropout": 0.0} | settings), V)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@every_cell
def test_parameters_are_those_of_the_layout(cell, kind):
    """A checkpoint that the network's own parameters do not fit."""
    model = make(cell, layers=3, **kind)
    found = [(name, tuple(p.shape)) for name, p in model.named_parameters()]
    assert found == list(parameter_shapes(model.settings, V).items())
    assert sum(p.numel() for p in model.parameters()) == parameter_count(model.settings, V)
    assert len(list(model.buffers())) == 0  # they would be missing from a checkpoint


def test_parameters_keep_their_order():
    """A sum over parameters, as the norm for clipping, that rounds otherwise: other bits."""
    cell = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    layers = [f"layers.{n}.{name}" for n in range(2) for name in cell]
    expected = ["head.bias", "head.weight", "embedding.weight", *layers]
    assert [name for name, _ in make(layers=2).named_parameters()] == expected


@pytest.mark.parametrize("cell", THEIRS)
def test_equals_a_network_of_torch_nn(cell):
    """Layers in the wrong order, or a layer that is given another layer's state."""
    model = make(cell, layers=3, embedding_size=5)
    embedding, head = torch.nn.Embedding(V, 5), torch.nn.Linear(8, V)
    theirs = THEIRS[cell](5, 8, num_layers=3)
    model.load({
        f"{name}.{key}": weight.detach().numpy()
        for name, module in (("embedding", embedding), ("head", head))
        for key, weight in module.named_parameters()
    } | {
        f"layers.{key[-1]}.{key[:-3]}": weight.detach().numpy()
        for key, weight in theirs.named_parameters()
    })  # fmt: skip
    packed = torch.randn(len(CELLS[cell].states), 3, 4, 8)
    ids = torch.randint(V, (50, 4))
    y, last = theirs(embedding(ids), tuple(packed) if len(packed) > 1 else packed[0])
    logits, after = model(ids, tuple(map(tuple, packed.transpose(0, 1))))
    torch.testing.assert_close(logits, head(y))
    last = torch.stack(last) if isinstance(last, tuple) else last[None]
    torch.testing.assert_close(after, tuple(map(tuple, last.transpose(0, 1))))


@every_cell
def test_a_one_hot_network_has_an_identity_as_its_embedding(cell):
    """An input that is scaled, or another token's."""
    one_hot, embedded = make(cell, one_hot=True), make(cell, embedding_size=V)
    assert "embedding.weight" not in one_hot.export()
    embedded.load(one_hot.export() | {"embedding.weight": torch.eye(V).numpy()})
    ids = torch.randint(V, (12, 4))
    found, _ = one_hot(ids, one_hot.zero_state(4))
    expected, _ = embedded(ids, embedded.zero_state(4))
    torch.testing.assert_close(found, expected)


def test_tied_weights_are_one_tensor():
    """An output layer that drifts away from the embedding it should be, or is not scaled down."""
    model = make(hidden_size=64, embedding_size=64, tie_weights=True)
    assert "head.weight" not in model.export()
    logits, _ = model(torch.zeros(1, 1, dtype=torch.long), model.zero_state(1))
    logits.sum().backward()
    assert model.get_parameter("embedding.weight").grad[1:].abs().sum() > 0
    assert model.logits(torch.randn(1000, 64)).std().item() == pytest.approx(1.0, rel=0.2)


@every_cell
def test_uniform_weights_start_as_char_rnns(cell):
    """A parameter that `--init uniform` leaves out; a forget gate that starts shut."""
    model = make(cell, hidden_size=32, init="uniform")
    forget = {f"layers.{n}.bias_ih" for n in range(2)}
    for name, parameter in model.named_parameters():
        if name in forget:
            continue
        assert 0.05 < parameter.abs().max() <= 0.08, name
        assert parameter.min() < 0 < parameter.max(), name
    starts_at = CELLS[cell].bias or (0.0,) * CELLS[cell].blocks
    for name in forget:
        for block, value in zip(model.get_parameter(name).split(32), starts_at, strict=True):
            assert (block == value).all() if value else 0 < block.abs().max() <= 0.08


@every_cell
def test_normal_weights_start_as_min_char_rnns(cell):
    """A matrix that `--init normal` leaves out; a bias that is random."""
    model = make(cell, hidden_size=32, init="normal")
    starts_at = torch.tensor(CELLS[cell].bias or (0.0,) * CELLS[cell].blocks)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            assert parameter.std().item() == pytest.approx(0.01, rel=0.2), name
        elif name.endswith("bias_ih"):
            assert torch.equal(parameter, starts_at.repeat_interleave(32)), name
        else:
            assert not parameter.any(), name


def test_weights_start_at_unit_variance_in_the_embedding_and_xaviers_in_the_head():
    """Logits that start large, or an embedding that starts small."""
    model = make(hidden_size=64, embedding_size=64)
    assert model.get_parameter("embedding.weight").std().item() == pytest.approx(1.0, rel=0.2)
    bound = (6 / (V + 64)) ** 0.5
    assert 0.95 * bound < model.get_parameter("head.weight").abs().max() <= bound
    assert not model.get_parameter("head.bias").any()


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


@every_cell
def test_a_text_starts_from_zeros_whatever_was_read_before(cell):
    """State that stays inside the network, or is written to in place."""
    model = make(cell)
    ids, zeros = torch.randint(V, (12, 4)), model.zero_state(4)
    assert [len(layer) for layer in zeros] == [len(CELLS[cell].states)] * 2
    before, state = model(ids, zeros)
    model(ids.flip(0), state)
    after, _ = model(ids, zeros)
    assert torch.equal(before, after)
    assert not any(part.any() for layer in zeros for part in layer)


@every_cell
def test_sequences_of_a_batch_do_not_see_each_other(cell):
    """A state that is sliced or joined along the wrong dimension."""
    model = make(cell)
    ids = torch.randint(V, (12, 5))
    _, state = model(ids, model.zero_state(5))
    whole, expected = model(ids, state)
    parts = [slice(0, 2), slice(2, 3), slice(3, 5)]
    found = [model(ids[:, part], slice_state(state, part)) for part in parts]
    torch.testing.assert_close(torch.cat([logits for logits, _ in found], dim=1), whole)
    torch.testing.assert_close(join_states([after for _, after in found]), expected)
    assert join_states([expected]) is expected


def test_a_detached_state_ends_the_gradient():
    """Back-propagation through the whole text, which fills the memory."""
    model = make()
    _, state = model(torch.randint(V, (12, 4)), model.zero_state(4))
    assert all(part.requires_grad for layer in state for part in layer)
    detached = detach_state(state)
    torch.testing.assert_close(detached, state)
    assert not any(part.requires_grad for layer in detached for part in layer)


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


def test_dropout_drops_each_unit_by_its_own_mask():
    """A mask that is applied to other units, or to whole sequences."""
    model = make(hidden_size=8, layers=1)
    with torch.no_grad():
        model.get_parameter("head.weight")[:, [0, 1, 2, 4, 5, 6, 7]] = 0  # only unit 3 is seen
        ids, mask = torch.randint(V, (6, 3)), torch.zeros(1, 3, 8)
        mask[:, 1:, 3] = 1
        whole, _ = model(ids, model.zero_state(3))
        found, _ = model(ids, model.zero_state(3), [mask])
    torch.testing.assert_close(found[:, 1:], whole[:, 1:])
    torch.testing.assert_close(found[:, 0], model.get_parameter("head.bias").expand(6, V))


def test_dropout_drops_outputs_and_leaves_the_state():
    """A mask that is not used, is another layer's, or drops what the state should remember."""
    model = make(hidden_size=8, layers=2)
    ids, ones = torch.randint(V, (6, 3)), torch.ones(1, 3, 8)
    with torch.no_grad():
        whole, state = model(ids, model.zero_state(3))
        same, _ = model(ids, model.zero_state(3), [ones, ones])
        no_output, after = model(ids, model.zero_state(3), [ones, ones * 0])
        no_input, cut = model(ids, model.zero_state(3), [ones * 0, ones])
    assert torch.equal(same, whole)
    torch.testing.assert_close(no_output, model.get_parameter("head.bias").expand_as(whole))
    torch.testing.assert_close(after, state)
    torch.testing.assert_close(cut[0], state[0])
    assert not torch.equal(no_input, whole)
    assert not torch.equal(cut[1][0], state[1][0])


@every_cell
def test_bf16_is_bf16_and_close_to_fp32(cell):
    """A kernel that computes in another type than the one that is shown."""
    model = make(cell, hidden_size=16)
    ids = torch.randint(V, (12, 4))
    expected, _ = model(ids, model.zero_state(4))
    with autocast(torch.device("cpu"), enabled=True):
        found, state = model(ids, model.zero_state(4))
        again, _ = model(ids, detach_state(state))
    types = {part.dtype for layer in state for part in layer}
    fed_back = cell in {"jordan", "full"}  # whose state is a product's result
    assert types == ({torch.bfloat16} if CELLS[cell].fused or fed_back else {torch.float32})
    most = max(1.0, float(expected.detach().abs().max()))  # some cells grow without bound
    torch.testing.assert_close(found.float(), expected, atol=0.05 * most, rtol=0.05)
    assert again.isfinite().all()
    found.float().sum().backward()
    assert all(p.grad is not None for p in model.parameters())
