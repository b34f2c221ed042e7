"""A dialogue is one text, which is read once."""

import numpy as np
import pytest

from charrnn.errors import TextError
from charrnn.extras.dialogue.dialogue import Dialogue
from charrnn.inference.sampling import read_prompt, sample_after
from charrnn.settings import SampleSettings
from tests.inference.models import LETTERS, untrained


def test_a_dialogue_continues_its_text():
    """A network that reads its own answer twice, or forgets it; an undo that undoes half."""
    network, settings = untrained(), SampleSettings(length=12)
    dialogue = Dialogue(network, LETTERS)
    dialogue.read("abc")
    answer = "".join(dialogue.write(settings, np.random.default_rng(1)))
    assert dialogue.text == "abc" + answer
    again = "".join(dialogue.write(settings, np.random.default_rng(2)))
    whole = read_prompt(network, LETTERS, "abc" + answer)
    expected = "".join(sample_after(network, LETTERS, whole, settings, np.random.default_rng(2)))
    assert again == expected
    dialogue.undo()
    assert dialogue.text == "abc" + answer
    with pytest.raises(TextError):
        dialogue.read("xyz")
    assert dialogue.text == "abc" + answer
    stopped = dialogue.write(settings, np.random.default_rng(2))
    taken = next(stopped)
    stopped.close()
    assert dialogue.text == "abc" + answer + taken
    dialogue.reset()
    assert dialogue.text == ""
