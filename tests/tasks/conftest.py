"""Corpora of examples."""

import pytest

from charrnn.settings import TextSettings
from charrnn.tasks import example_format
from charrnn.text.preparation import prepare_examples
from tests.tasks.examples import FILES

SPLIT = TextSettings(split="80/10/10")


def corpus_for(task, home, count=400, settings=SPLIT):
    """A prepared corpus for a task."""
    (home / f"{task}.tsv").write_text(FILES[task](home, count), "utf-8")
    return prepare_examples(
        example_format(task, settings), home / f"{task}.tsv", None, lambda _: None
    )


@pytest.fixture
def corpus(home):
    """A prepared corpus of words with labels."""
    return corpus_for("label", home)


@pytest.fixture(params=FILES)
def task(request):
    """Each task that learns from examples."""
    return request.param
