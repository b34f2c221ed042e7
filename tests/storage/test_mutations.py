"""Files mutated at random and by meaning, with their checksums made anew."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from tests.fuzzing import Fuzz


@pytest.fixture(scope="module")
def fuzz(trained, tmp_path_factory):
    """A home of its own for all mutations."""
    home = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARRNN_HOME", str(home))
        yield Fuzz(trained, home)


@settings(max_examples=200)
@given(number=st.integers(0, 13), seed=st.integers(0, 2**32))
def test_mutated_files_load_or_are_refused(fuzz, number, seed):
    """A traceback for a file that is not as it should be. `scripts.fuzz` tries thousands."""
    assert len(fuzz.kinds) == 14
    fuzz.attempt(list(fuzz.kinds)[number], random.Random(seed))
