"""Ids of characters, in the order that a file has them."""

import json

import numpy as np
import pytest
import torch

from charrnn.extras.importing.run import read_foreign
from tests.extras.importing.elsewhere import CHARACTERS, TEXT, Elsewhere, in_order, logits_of


@pytest.mark.parametrize(
    "written",
    ["".join, lambda order: json.dumps(dict(enumerate(order))),
     lambda order: json.dumps({"size": 8, "stoi": {c: n for n, c in enumerate(order)}})],
)  # fmt: skip
def test_a_vocabulary_has_its_own_order(home, written):
    """Characters in the order of ids, sorted in silence."""
    order = CHARACTERS[::-1]
    (home / "v.txt").write_text(written(order), "utf-8")
    network = Elsewhere()
    torch.save(in_order(network), home / "x.pt")
    found = read_foreign(home / "x.pt", str(home / "v.txt"))
    with torch.no_grad():
        expected = network(torch.tensor([order.index(c) for c in TEXT])).numpy()
    rows = [order.index(c) for c in found.tokenizer.characters]
    np.testing.assert_allclose(logits_of(found, TEXT), expected[:, rows], atol=1e-5)
