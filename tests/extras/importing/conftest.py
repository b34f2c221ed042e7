"""What the tests of imports share."""

import json

import pytest

from tests.extras.importing.elsewhere import CHARACTERS


@pytest.fixture
def vocabulary(home):
    """The name of a file that has the characters."""
    path = home / "vocabulary.json"
    path.write_text(json.dumps(list(CHARACTERS)), "utf-8")
    return str(path)
