"""The network around the cells, in torch and in NumPy."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.engine.devices import autocast
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import detach_state, join_states, slice_state
from tests.random_models import random_weights, untrained_module

V = 9
every_cell = pytest.mark.parametrize("cell", CELLS)
KINDS = {
    "embedding": {"embedding_size": 20},
    "tied": {"embedding_size": 48, "tie_weights": True},
    "one-hot": {"one_hot": True},
    "residual": {"residual": True, "embedding_size": 20},
}
THEIRS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "elman": torch.nn.RNN}


def make(cell="lstm", hidden_size=8, embedding_size=8, **settings):
    """A network in torch, as it begins."""
    return untrained_module(
        V, cell=cell, hidden_size=hidden_size, embedding_size=embedding_size, **settings
    )


def random_module(cell="lstm", **settings):
    """A network in torch of other weights, and the same in NumPy."""
    module = make(cell, **settings)
    declared = LanguageModel.parameters(module.settings, V)
    weights = random_weights(declared, seed=1, scale=0.05)
    initial = module.export()
    module.load({name: weight + initial[name] for name, weight in weights.items()})
    return module, LanguageModel(module.settings, module.export())


def read(model, ids, state=None, masks=()):
    """Logits and state after reading ids (T, B), from zeros if no state is given."""
    network = model.network
    return network.forward(ids, network.zero_state(ids.shape[1]) if state is None else state, masks)


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
    logits, after = read(model, ids, tuple(map(tuple, packed.transpose(0, 1))))
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
    logits, _ = read(one_hot, ids)
    expected, _ = read(embedded, ids)
    torch.testing.assert_close(logits, expected)


def test_tied_weights_are_one_tensor():
    """An output layer that drifts away from the embedding it should be, or is not scaled down."""
    model = make(hidden_size=64, embedding_size=64, tie_weights=True)
    assert "head.weight" not in model.export()
    logits, _ = read(model, torch.zeros(1, 1, dtype=torch.long))
    logits.sum().backward()
    assert model.weights["embedding.weight"].grad[1:].abs().sum() > 0
    assert model.network.logits(torch.randn(1000, 64)).std().item() == pytest.approx(1.0, rel=0.2)


@every_cell
def test_a_text_starts_from_zeros_whatever_was_read_before(cell):
    """State that stays inside the network, or is written to in place."""
    model = make(cell)
    ids, zeros = torch.randint(V, (12, 4)), model.network.zero_state(4)
    assert [len(layer) for layer in zeros] == [len(CELLS[cell].states)] * 2
    before, state = read(model, ids, zeros)
    read(model, ids.flip(0), state)
    after, _ = read(model, ids, zeros)
    assert torch.equal(before, after)
    assert not any(part.any() for layer in zeros for part in layer)


@every_cell
def test_sequences_of_a_batch_do_not_see_each_other(cell):
    """A state that is sliced or joined along the wrong dimension."""
    model = make(cell)
    ids = torch.randint(V, (12, 5))
    _, state = read(model, ids)
    whole, expected = read(model, ids, state)
    parts = [slice(0, 2), slice(2, 3), slice(3, 5)]
    pieces = [read(model, ids[:, part], slice_state(state, part)) for part in parts]
    torch.testing.assert_close(torch.cat([logits for logits, _ in pieces], dim=1), whole)
    torch.testing.assert_close(join_states([after for _, after in pieces]), expected)


def test_a_detached_state_ends_the_gradient():
    """Back-propagation through the whole text, which fills the memory."""
    model = make()
    _, state = read(model, torch.randint(V, (12, 4)))
    assert all(part.requires_grad for layer in state for part in layer)
    detached = detach_state(state)
    torch.testing.assert_close(detached, state)
    assert not any(part.requires_grad for layer in detached for part in layer)


def test_dropout_drops_each_unit_by_its_own_mask():
    """A mask that is applied to other units, or to whole sequences."""
    model = make(hidden_size=8, layers=1)
    with torch.no_grad():
        model.weights["head.weight"][:, [0, 1, 2, 4, 5, 6, 7]] = 0  # only unit 3 is seen
        ids, mask = torch.randint(V, (6, 3)), torch.zeros(1, 3, 8)
        mask[:, 1:, 3] = 1
        whole, _ = read(model, ids)
        dropped, _ = read(model, ids, masks=[mask])
    torch.testing.assert_close(dropped[:, 1:], whole[:, 1:])
    torch.testing.assert_close(dropped[:, 0], model.weights["head.bias"].expand(6, V))


def test_dropout_drops_outputs_and_leaves_the_state():
    """A mask that is not used, is another layer's, or drops what the state should remember."""
    model = make(hidden_size=8, layers=2)
    ids, ones = torch.randint(V, (6, 3)), torch.ones(1, 3, 8)
    with torch.no_grad():
        whole, state = read(model, ids)
        same, _ = read(model, ids, masks=[ones, ones])
        no_output, after = read(model, ids, masks=[ones, ones * 0])
        no_input, cut = read(model, ids, masks=[ones * 0, ones])
    assert torch.equal(same, whole)
    torch.testing.assert_close(no_output, model.weights["head.bias"].expand_as(whole))
    torch.testing.assert_close(after, state)
    torch.testing.assert_close(cut[0], state[0])
    assert not torch.equal(no_input, whole)
    assert not torch.equal(cut[1][0], state[1][0])


@every_cell
def test_bf16_is_bf16_and_close_to_fp32(cell):
    """A kernel that computes in another type than the one that is shown."""
    model = make(cell, hidden_size=16)
    ids = torch.randint(V, (12, 4))
    expected, _ = read(model, ids)
    with autocast(torch.device("cpu"), enabled=True):
        logits, state = read(model, ids)
        again, _ = read(model, ids, detach_state(state))
    types = {part.dtype for layer in state for part in layer}
    fed_back = cell in {"jordan", "full"}  # whose state is a product's result
    assert types == ({torch.bfloat16} if CELLS[cell].fused or fed_back else {torch.float32})
    most = max(1.0, float(expected.detach().abs().max()))  # some cells grow without bound
    torch.testing.assert_close(logits.float(), expected, atol=0.05 * most, rtol=0.05)
    assert again.isfinite().all()
    logits.float().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@every_cell
def test_numpy_equals_torch_over_200_steps(cell, kind):
    """A folded embedding, a transpose or a scale that is right for one step only."""
    module, network = random_module(cell, **{"hidden_size": 48, "layers": 3, **kind})
    steps = (
        200 if kind is KINDS["embedding"] else 50
    )  # the square of what grows without bound overflows
    ids = np.random.default_rng(2).integers(0, V, steps)
    with torch.no_grad():
        expected = read(module, torch.from_numpy(ids)[:, None])[0][:, 0].numpy()
    whole, state = network.trace(ids, network.zero_state()), network.zero_state()
    forward, _ = network.forward(ids[:, None], network.zero_state(1))
    scale = np.maximum(1, abs(expected).max(1, keepdims=True))  # some cells grow without bound
    for step, token in enumerate(ids):
        logits, state = network.step(token, state)
        for values in logits, whole.logits[step], forward[step, 0]:
            assert abs(values - expected[step]).max() < 1e-4 * scale[step]


@every_cell
def test_a_batch_of_separate_products_equals_each_text_bit_by_bit(cell):
    """Sums of another order for many texts, so that a draw falls otherwise now and then."""
    for hidden_size in (1, 7, 48):
        _, network = random_module(cell, hidden_size=hidden_size, embedding_size=4)
        ids = np.random.default_rng(0).integers(0, V, (30, 9, 1))
        together, alone = network.zero_state(9, 1), network.zero_state()
        for step in ids:
            logits, together = network.step(step, together)
            single, alone = network.step(int(step[6, 0]), alone)
            np.testing.assert_array_equal(logits[6, 0], single)


@every_cell
def test_a_trace_of_a_batch_is_the_trace_of_each(cell):
    """Sequences that leak into one another; a gate or a state of another one."""
    _, network = random_module(cell, embedding_size=4)
    ids = np.array([[0, 4], [3, 3], [1, 2]])
    together = network.trace(ids, network.zero_state(2), gates=True)
    for sequence in range(2):
        alone = network.trace(ids[:, sequence], network.zero_state(), gates=True)
        np.testing.assert_allclose(together.logits[:, sequence], alone.logits, rtol=1e-6, atol=1e-6)
        for layer, own in zip(together.units, alone.units, strict=True):
            assert (
                tuple(layer) == tuple(own) == tuple(CELLS[cell].units(network.settings.hidden_size))
            )
            for name, values in layer.items():
                np.testing.assert_allclose(values[:, sequence], own[name], rtol=1e-6, atol=1e-6)
        for gates, own in zip(together.gates, alone.gates, strict=True):
            assert tuple(gates) == tuple(own) == CELLS[cell].gates
            for name, values in gates.items():
                np.testing.assert_allclose(values[:, sequence], own[name], rtol=1e-6, atol=1e-6)


@every_cell
def test_a_trace_in_pieces_is_that_of_the_whole(cell):
    """A state that is that of another step."""
    _, network = random_module(cell, embedding_size=4)
    ids = np.random.default_rng(1).integers(0, V, 40)
    whole = network.trace(ids, network.zero_state())
    first = network.trace(ids[:17], network.zero_state())
    second = network.trace(ids[17:], first.last_state)
    np.testing.assert_allclose(second.logits, whole.logits[17:], atol=1e-5)
