"""State dictionaries of `torch.save`: the same network, and nothing in them that runs."""

import argparse
import os
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict
from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st

from charrnn.errors import CheckpointError
from charrnn.extras.importing import state_dict
from charrnn.extras.importing.run import import_run, read_foreign
from charrnn.storage.runs import load_run
from tests.extras.importing.elsewhere import TEXT, Elsewhere, expected_of, in_order, logits_of


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_checkpoints_of_many_things_have_one_network(home, vocabulary, dtype):
    """Views, parameters, tied weights, other floats; beside an optimizer, arguments, a step."""
    network = Elsewhere(embedding=6)
    network.embedding.weight = network.head.weight
    optimizer = torch.optim.Adam(network.parameters())
    network.rnn(torch.zeros(1, 6))[0].sum().backward()
    optimizer.step()
    expected = expected_of(network.to(dtype).float())
    state = dict(network.to(dtype).named_parameters(remove_duplicate=False))
    state["rnn.weight_ih_l0"] = state["rnn.weight_ih_l0"].detach().t().contiguous().t()
    together = {"step": 5, "args": argparse.Namespace(lr=0.1), "shape": torch.Size([3]),
                "optimizer": optimizer.state_dict(), "model_state": state}  # fmt: skip
    torch.save(together, home / "x.pt")
    found = read_foreign(home / "x.pt", vocabulary)
    np.testing.assert_allclose(logits_of(found, TEXT), expected, atol=1e-5)


def test_a_turned_matrix_is_stored_as_it_is_read(home, vocabulary):
    """Weights of another library, which has them as (inputs, rows): right until they are saved."""
    network = Elsewhere("GRU", num_layers=2)
    tensors = in_order(network).items()
    turned = {n: t.t().contiguous().t() if t.ndim == 2 else t for n, t in tensors}
    torch.save(turned, home / "x.pt")
    import_run(home / "x.pt", vocabulary, None, "turned", lambda _: None)
    stored = load_run("turned", lambda _: None)
    np.testing.assert_allclose(logits_of(stored, TEXT), expected_of(network), atol=1e-5)


SMALL_AND_LARGE = {
    "a tuple in a tuple, a million times": b"\x80\x02})" + b"\x85" * 10**6 + b"K\x01s.",
    "two of each, sixty times": b"\x80\x02})" + b"2\x86" * 60 + b"K\x01s.",
    "a set of it": b"\x80\x04\x8f()" + b"2\x86" * 60 + b"\x90.",
    "a frozen set of it": b"\x80\x04()" + b"2\x86" * 60 + b"\x91.",
    "a dictionary of it": b"\x80\x02()" + b"2\x86" * 60 + b"K\x01d.",
    "a high number in the memo": b"\x80\x02}r" + (2**31 - 1).to_bytes(4, "little") + b".",
    "bytes that are not there": b"\x80\x05\x96" + (2**40).to_bytes(8, "little") + b".",
    "a string that is not there": b"\x80\x04\x8d" + (2**40).to_bytes(8, "little") + b".",
}


@pytest.mark.parametrize("what", SMALL_AND_LARGE)
def test_a_small_pickle_takes_neither_memory_nor_time(home, vocabulary, what):
    """Gigabytes, hours that Ctrl-C does not end, or a crash, by a file of 400 bytes."""
    with zipfile.ZipFile(home / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", SMALL_AND_LARGE[what])
    tracemalloc.start()
    with pytest.raises(CheckpointError):
        read_foreign(home / "x.pt", vocabulary)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 28


class Made:
    """What a pickle makes by calling something, and gives a state."""

    def __init__(self, call, *args, state=None):
        self.made = call, args, state

    def __reduce__(self):
        call, args, state = self.made
        return (call, args) if state is None else (call, args, state)


class Storage:
    """A storage that a tensor is in."""

    def __init__(self, count, kind=torch.FloatStorage):
        self.count, self.kind = count, kind


class Pickler(pickle.Pickler):
    """Names storages as torch does."""

    def persistent_id(self, obj):
        return (isinstance(obj, Storage) and ("storage", obj.kind, "0", "cpu", obj.count)) or None


def tensor(count=4, first=0, shape=(4,), strides=(1,), kind=torch.FloatStorage, state=None):
    """A tensor as a pickle may claim it."""
    rest = first, shape, strides, False, OrderedDict()
    return Made(torch._utils._rebuild_tensor_v2, Storage(count, kind), *rest, state=state)


def nested(depth):
    """Each tuple has the one before it twice: its hash takes 2 to the power of the depth."""
    made = ()
    for _ in range(depth):
        made = made, made
    return made


CLAIMED = {
    "a state": {"rnn.weight_ih_l0": tensor(state={"first": 100_000, "shape": (1000,)})},
    "a state of a class": {"a": Made(OrderedDict, state={"zzz": 1})},
    "a type that is no name": {"head.bias": tensor(kind=nested(60))},
    "a thousand axes": {"head.bias": tensor(shape=(2**47,) * 1000, strides=(1,) * 1000)},
    "one storage for all": {
        f"rnn.weight_ih_l{n}": tensor(64, 0, (8, 8), (8, 1)) for n in range(64)
    },
    "one dictionary, many times": {"all": [{str(n): n for n in range(1000)}] * 10**5},
    "a tensor of another kind": {
        "rnn.weight_ih_l0": tensor(), "head.bias": Made(torch._utils._rebuild_sparse_tensor, 1),
    },
    "two networks": {name: {"rnn.weight_ih_l0": tensor()} for name in ("ema", "model")},
}  # fmt: skip


@pytest.mark.parametrize("what", CLAIMED)
def test_what_a_pickle_claims_is_checked(home, vocabulary, what):
    """Memory of the process as weights; hours; biases of zeros; the network that was not meant."""
    data = BytesIO()
    Pickler(data, 2).dump(CLAIMED[what])
    with zipfile.ZipFile(home / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", data.getvalue())
        archive.writestr("x/data/0", bytes(4 * 64))
    with pytest.raises(CheckpointError) as refused:
        read_foreign(home / "x.pt", vocabulary)
    assert len(refused.value.message) < 1000
    assert not hasattr(state_dict._Dictionary, "zzz")


def test_parameters_with_attributes_are_read(home, vocabulary):
    """Biases of zeros, where an optimizer's groups are kept as attributes."""
    network = Elsewhere()
    for name, parameter in network.named_parameters():
        parameter.no_decay = "bias" in name
    torch.save(dict(network.named_parameters()), home / "x.pt")
    found = read_foreign(home / "x.pt", vocabulary)
    np.testing.assert_allclose(logits_of(found, TEXT), expected_of(network), atol=1e-5)


class Runs:
    """What runs when it is loaded: it makes a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("where", ["beside", "instead", "as a tensor", "as a module"])
def test_nothing_in_a_file_runs(home, vocabulary, where):
    """A stranger's file that does what it wants."""
    hostile = Runs(home / "made")
    tensors = in_order(Elsewhere())
    data = {"beside": {"a": hostile, "state": tensors}, "instead": hostile,
            "as a tensor": {**tensors, "head.bias": hostile},
            "as a module": Elsewhere()}[where]  # fmt: skip
    torch.save(data, home / "x.pt")
    try:
        read_foreign(home / "x.pt", vocabulary)
        assert where == "beside"
    except CheckpointError as error:
        assert where != "beside"
        assert error.hint
    assert not (home / "made").exists()
    assert where != "instead" or pickle.loads(pickle.dumps(hostile)) is None
    assert (home / "made").exists() == (where == "instead"), "it is what runs elsewhere"


def test_what_grows_when_it_is_read_is_refused(home, vocabulary):
    """Gigabytes from a file of a few bytes: a number repeated, or an archive that is compressed."""
    tensors = in_order(Elsewhere())
    torch.save({**tensors, "head.weight": torch.ones(1).expand(1 << 40, 6)}, home / "x.pt")
    torch.save(tensors, home / "plain.pt")
    with (
        zipfile.ZipFile(home / "plain.pt") as plain,
        zipfile.ZipFile(home / "y.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    for name, told in (("x.pt", "larger than its storage"), ("y.pt", "compressed")):
        with pytest.raises(CheckpointError, match=told) as refused:
            read_foreign(home / name, vocabulary)
        assert "torch.save" in refused.value.hint


def test_an_archive_without_weights_is_told(home, vocabulary):
    """A traceback for a zip of something else, or for what torch.save wrote before it was a zip."""
    with zipfile.ZipFile(home / "x.pt", "w") as archive:
        archive.writestr("a.txt", "x")
    torch.save({"a": [1]}, home / "y.pt")
    torch.save(in_order(Elsewhere()), home / "z.pt", _use_new_zipfile_serialization=False)
    torch.save(Elsewhere(), home / "whole.pt")
    (home / "cut.pt").write_bytes((home / "whole.pt").read_bytes()[:-100])
    for name, told in (("x.pt", "something else"), ("y.pt", "no weight_ih_l0"),
                       ("z.pt", "before 1.6"), ("cut.pt", "cut off"),
                       ("whole.pt", "whole module")):  # fmt: skip
        with pytest.raises(CheckpointError, match=told):
            read_foreign(home / name, vocabulary)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_imported_or_refused(home, vocabulary, data):
    """A traceback for a file that is not as it should be."""
    torch.save(in_order(Elsewhere()), home / "x.pt")
    blob = bytearray((home / "x.pt").read_bytes())
    with zipfile.ZipFile(home / "x.pt") as archive:
        pickled = archive.read("x/data.pkl")
    start = blob.find(pickled)
    if data.draw(st.booleans()):
        del blob[data.draw(st.integers(0, len(blob))) :]
    else:
        first, last = data.draw(st.sampled_from([(start, start + len(pickled)), (0, len(blob))]))
        for place in data.draw(st.lists(st.integers(first, last - 1), min_size=1, max_size=3)):
            blob[place] = data.draw(st.integers(0, 255))
    (home / "x.pt").write_bytes(blob)
    try:
        logits_of(read_foreign(home / "x.pt", vocabulary), TEXT)
    except CheckpointError as error:
        assert error.message
        assert error.hint
