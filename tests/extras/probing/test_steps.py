"""A forward pass step by step: every cell, any token, on a screen and on a page."""

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.display.reports import show
from charrnn.extras.probing.steps import steps_of, steps_page, steps_report
from charrnn.inference.activations import Activations, read_text
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings
from charrnn.text.tokenizers import END, Characters
from tests.display.conftest import WIDTHS
from tests.random_models import random_weights

TOKENIZER = Characters("\n<abc")


def steps(cell, text="a<b\nc"):
    """The steps of a network of random weights."""
    settings = ModelSettings(cell=cell, hidden_size=8, embedding_size=4, layers=2)
    weights = random_weights(LanguageModel.parameters(settings, TOKENIZER.size), seed=1)
    pieces = read_text(LanguageModel(settings, weights), TOKENIZER, TOKENIZER.encode(text))
    return steps_of(Activations.joined(pieces), TOKENIZER.symbols)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_shows_its_gates_and_states(cell):
    """A cell whose gates have other names than it declares; a clock among the units."""
    states = [name for name in CELLS[cell].states if name in CELLS[cell].units(8)]
    names = [f"{n}.{name}" for n in (1, 2) for name in (*CELLS[cell].gates, *states)]
    for step in steps(cell):
        assert [*step.values] == names
        assert all(array.shape == (8,) for array in step.values.values())
        assert [name for name, _ in step.rows(3)] == [*names, "next", "logit", "probability"]


@pytest.mark.parametrize("columns", WIDTHS)
def test_steps_fit_on_a_screen_and_on_a_page(printed, columns):
    """A figure that is cut; a character that ends the line, or begins a tag."""
    made = steps("gru")
    out = printed(columns, show, steps_report(made), False)
    assert "step 4 reads '\\n'" in out
    assert "…" not in out
    assert out.count("probability") == 5
    page = steps_page("<run> reads", [step for step in made for _ in range(2)])
    assert "&lt;run&gt; reads" in page
    assert "reads &#x27;&lt;&#x27;" in page
    assert "{{" not in page
    likeliest = max(made[0].record()["logits"].items(), key=lambda item: item[1])[0]
    assert dict(made[0].rows(5))["next"][0] == repr(likeliest)
    assert np.isfinite(made[0].bits)


def test_the_end_of_a_document_has_a_name(printed):
    """Half a surrogate pair among the characters that may come next."""
    tokenizer = Characters(f"ab{END}")
    settings = ModelSettings(cell="elman", hidden_size=2, embedding_size=2, layers=1)
    weights = random_weights(LanguageModel.parameters(settings, tokenizer.size), seed=1)
    pieces = read_text(LanguageModel(settings, weights), tokenizer, tokenizer.encode("ab"))
    made = steps_of(Activations.joined(pieces), tokenizer.names)
    out = printed(100, show, steps_report(made), False)
    assert "'end of document'" in out
    assert "ud800" not in out
