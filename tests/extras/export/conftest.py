"""What several tests of export take."""

import pytest

from tests.extras.export.engine import Engine


@pytest.fixture(scope="module")
def engine():
    """The scripts of the page, in V8."""
    made = Engine()
    yield made
    made.close()
