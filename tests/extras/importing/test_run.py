"""Weights that were trained elsewhere: the same network, or a sentence that says why not."""

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors.torch import save_model

from charrnn.errors import CharRNNError, CheckpointError
from charrnn.extras.importing.run import read_foreign
from tests.extras.importing.elsewhere import CHARACTERS, Elsewhere, logits_of, saved


def renamed(prefix):
    """The recurrent layers under another prefix."""
    return lambda tensors: {n.replace("rnn.", prefix): t for n, t in tensors.items()}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("kind", "cell", "options"),
    [("LSTM", "lstm", {}), ("GRU", "gru", {}), ("RNN", "elman", {}),
     ("RNN", "relu", {"nonlinearity": "relu"})],
)  # fmt: skip
@pytest.mark.parametrize("embedding", [5, 0], ids=["embedding", "one-hot"])
def test_each_network_of_torch_gives_its_own_logits(
    home, kind, cell, options, layers, bias, embedding
):
    """Gates in another order, a bias added twice, a layer that reads another's weights."""
    network = Elsewhere(kind, embedding, num_layers=layers, bias=bias, **options)
    path = saved(home / "x.safetensors", network, change=renamed(f"{kind.lower()}."))
    found = read_foreign(path, cell=cell if cell == "relu" else None)
    assert (found.model.cell, found.model.layers) == (cell, layers)
    text = "abba é\ncade " * 4
    with torch.no_grad():
        ids = torch.tensor([CHARACTERS.index(character) for character in text])
        expected = network(ids).numpy()
    np.testing.assert_allclose(logits_of(found, text), expected, atol=1e-5)


@given(order=st.permutations(CHARACTERS), one_hot=st.booleans(), as_object=st.booleans())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ids_in_any_order_give_the_same_probabilities(home, order, one_hot, as_object):
    """A vocabulary in the order of its first occurrence, sorted without its rows."""
    network = Elsewhere(embedding=0 if one_hot else 5)
    listed = {c: n for n, c in enumerate(order)} if as_object else list(order)
    (home / "v.json").write_text(json.dumps(listed), "utf-8")
    path = saved(home / "x.safetensors", network, characters=None)
    found = read_foreign(path, str(home / "v.json"))
    text = "éab\ncd e" * 3
    with torch.no_grad():
        expected = network(torch.tensor([order.index(c) for c in text])).numpy()
    rows = [order.index(c) for c in found.tokenizer.characters]
    np.testing.assert_allclose(logits_of(found, text), expected[:, rows], atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_converted_exactly(home, dtype):
    """bfloat16, which NumPy does not know, read as something else."""
    network = Elsewhere().to(dtype)
    found = read_foreign(saved(home / "x.safetensors", network))
    assert np.array_equal(found.weights["head.weight"], network.head.weight.detach().float())


def test_tied_weights_are_found_by_whichever_name_was_kept(home):
    """A tied output that is scaled as ours, or an embedding taken for a one-hot input."""
    network = Elsewhere(embedding=6)
    network.embedding.weight = network.head.weight
    path = home / "x.safetensors"
    drop = {name: without(name)
            for name in ("head.weight", "embedding.weight")}  # fmt: skip
    made = [saved(path, network, change=drop["head.weight"])]
    made.append(saved(home / "y.safetensors", network, change=drop["embedding.weight"],
                      **{"embedding.weight": "head.weight"}))  # fmt: skip
    save_model(network, str(home / "z.safetensors"),
               {"vocabulary": json.dumps(list(CHARACTERS))})  # fmt: skip
    with torch.no_grad():
        expected = network(torch.tensor([CHARACTERS.index(c) for c in "abc é"])).numpy()
    for file in (*made, home / "z.safetensors"):
        np.testing.assert_allclose(logits_of(read_foreign(file), "abc é"), expected, atol=1e-5)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_text_or_bytes_are_the_vocabulary_too(home, end):
    """A text of Windows line ends, which Python's open() gave the script without them."""
    (home / "text.txt").write_text(f"[ab cd]e{end}" * 9, "utf-8", newline="")
    path = saved(home / "x.safetensors", Elsewhere(size=9), characters=None)
    found = read_foreign(path, str(home / "text.txt"))
    assert found.tokenizer.characters == "".join(sorted("[ab cd]e\n"))
    assert found.text.newlines == ("lf" if end == "\r\n" else "keep")
    path = saved(home / "x.safetensors", Elsewhere(size=256), characters=None)
    assert read_foreign(path, "bytes").tokenizer.kind == "byte"
    path = saved(home / "x.safetensors", Elsewhere(size=256), characters=None, vocabulary="bytes")
    assert read_foreign(path).tokenizer.kind == "byte"


def without(*names):
    return lambda tensors: {n: t for n, t in tensors.items() if n not in names}


def with_(**more):
    return lambda tensors: tensors | {n.replace("__", "."): t for n, t in more.items()}


NAN = torch.full((8,), float("nan"))
REFUSED = {
    "bidirectional": (Elsewhere(bidirectional=True, num_layers=1), None, "rnn.bias_hh_l0_reverse"),
    "proj_size": (Elsewhere(proj_size=3), None, "rnn.weight_hr_l0"),
    "a layer": (Elsewhere(num_layers=3), without("rnn.weight_ih_l1"), "no rnn.weight_ih_l1"),
    "a bias missing": (Elsewhere(), without("rnn.bias_hh_l0"), "no rnn.bias_hh_l0"),
    "no layer": (Elsewhere(), renamed("x_"), "no weight_ih_l0"),
    "two networks": (Elsewhere(), with_(other__weight_ih_l0=torch.ones(1)), "several networks"),
    "no head": (Elsewhere(), without("head.weight", "head.bias"), "the shape of the output layer"),
    "two heads": (Elsewhere(), lambda t: {n.replace("head", "fc"): v for n, v in t.items()}
                  | {n.replace("head", "out"): v + 1 for n, v in t.items() if "head" in n},
                  "several tensors that may be the output layer"),
    "no embedding": (Elsewhere(), without("embedding.weight"), r"weight_ih_l0 \[24, 5\] should be"),
    "too much": (Elsewhere(), with_(norm__weight=torch.ones(6)), r"norm.weight \[6\] is not"),
    "whole numbers": (Elsewhere(), with_(head__bias=torch.ones(8).long()), "head.bias .* I64"),
    "not finite": (Elsewhere(), with_(head__bias=NAN), "head.bias .* not finite"),
    "overflow": (Elsewhere(), with_(head__bias=NAN.double().nan_to_num(1e300)), "not finite"),
    "another shape": (Elsewhere(), with_(head__bias=torch.ones(9)), r"head.bias \[9\] should be"),
    "no matrix": (Elsewhere(), with_(head__weight=torch.ones(9)), "the shape of the output layer"),
    "hidden sizes": (Elsewhere(num_layers=2), with_(rnn__weight_hh_l1=torch.ones(20, 5)),
                     "rnn.weight_hh_l1"),
    "65 layers": (Elsewhere(num_layers=65), None, "layers of the network .* 64"),
    "rows": (Elsewhere(), with_(rnn__weight_hh_l0=torch.ones(12, 6)), "neither 4"),
    "empty": (Elsewhere(), with_(rnn__weight_hh_l0=torch.ones(0, 0)), "not a matrix"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_named(home, what):
    """A network that is imported as another one; a traceback from a product of matrices."""
    network, change, named = REFUSED[what]
    path = saved(home / "x.safetensors", network, change=change)
    with pytest.raises(CheckpointError, match=named) as refused:
        read_foreign(path)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("said", "named"),
    [("[1]", "entry 0"), ('["<unk>"]', "entry 0"), ('["a", "a"]', "2 entries"), ("", "JSON"),
     ('["\\ud800"]', "entry 0"), ('["a"]', "1 different"), ("{}", "0 different"), ("[[", "JSON"),
     ('{"a": 1}', "JSON"), (json.dumps(list("abcdeff\n")), "'f' more than once"),
     ("[" * 100_000, "JSON"), ("bytes", "256")],
)  # fmt: skip
def test_a_vocabulary_that_does_not_fit_is_refused(home, said, named):
    """Special tokens, or characters for other rows, imported in silence."""
    path = saved(home / "x.safetensors", Elsewhere(), characters=None, vocabulary=said)
    with pytest.raises(CheckpointError, match=named) as refused:
        read_foreign(path)
    assert refused.value.hint


def edited(header, draw):
    """A header that is still JSON, after a change of one tensor or of the metadata."""
    name, other = (draw(st.sampled_from(sorted(header))) for _ in range(2))
    part = header[name]
    kind = draw(st.sampled_from(["rename", "swap", "type", "shape", "offset", "drop", "value"]))
    if kind == "rename":
        header[draw(st.sampled_from(NAMES))] = header.pop(name)
    elif kind == "swap":
        header[name], header[other] = header[other], part
    elif kind == "type":
        part["dtype"] = draw(st.sampled_from(["I32", "U32", "F64", "BF16", "F8_E4M3", "x", 1]))
    elif kind == "shape" and "shape" in part:
        shapes = [part["shape"][::-1], [*part["shape"], 1], [], [0], [2**40, 2**40], [-1], None]
        part["shape"] = draw(st.sampled_from(shapes))
    elif kind == "offset" and "data_offsets" in part:
        part["data_offsets"] = draw(st.lists(st.integers(-1, 2**64), max_size=3))
    elif kind == "drop":
        del header[name]
    else:
        header["__metadata__"] = draw(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=5)))
    return header


NAMES = ["rnn.weight_ih_l9", "rnn.weight_hh_l00", "bias_ih_l0", "rnn.weight_hr_l0", "head.bias", "",
         "rnn.bias_hh_l0_reverse", "a.embedding.weight", f"rnn.weight_ih_l{9**999}"]  # fmt: skip
KEYS = ["vocabulary", "cell", "charrnn", "head.weight", "embedding.weight"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_imported_or_refused(home, data):
    """A traceback for a file that is not as it should be."""
    path = saved(home / "x.safetensors", Elsewhere(num_layers=2))
    blob = bytearray(path.read_bytes())
    size = 8 + int.from_bytes(blob[:8], "little")
    what = data.draw(st.sampled_from(["header", "numbers", "bytes", "end"]))
    if what == "header":
        made = json.dumps(edited(json.loads(blob[8:size]), data.draw)).encode()
        blob[:size] = len(made).to_bytes(8, "little") + made
    elif what == "end":
        del blob[data.draw(st.integers(0, len(blob))) :]
    else:
        first, last = (size, len(blob) - 1) if what == "numbers" else (0, size)
        for place in data.draw(st.lists(st.integers(first, last), min_size=1, max_size=3)):
            blob[place] = data.draw(st.integers(0, 255))
    path.write_bytes(blob)
    try:
        logits_of(read_foreign(path), "abba")
    except CheckpointError as error:
        assert error.message
        assert error.hint
        assert what == "bytes" or "pickle" not in error.message
    except CharRNNError as error:  # a vocabulary of other characters
        assert "vocabulary" in error.message
