"""charrnn card: a page that can be published, whatever the names in a file say."""

import json
import re
import shutil
from dataclasses import replace

import pytest

from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.storage.runs import METRICS, MODEL
from tests.conftest import call_charrnn

HOSTILE = "a`b``|<img src=x>\n# c\x1b[2J"


def test_it_says_what_there_is_to_know(trained, tmp_path):
    """A page without the score, the sample or the licence; a file that is not the page."""
    done = call_charrnn(trained, "card", "tale", "--license", "CC0-1.0")
    page = done.out
    assert "Share it with checkpoints/tale/model.safetensors." in done.err
    for told in (
        "continues texts", "| licence | `CC0-1.0` |", "`tale.txt`", "bits per character on valid",
        "hidden_size: 32", "temperature of 0.5", "charrnn sample model.safetensors",
    ):  # fmt: skip
        assert told in page, told
    sampled = call_charrnn(
        trained, "sample", "tale", "--temp", "0.5", "--seed", "1", "--length", "400"
    ).out
    assert f"```\n{sampled.rstrip()}" in page
    file = tmp_path / "README.md"
    call_charrnn(trained, "card", "tale", "--licence", "CC0-1.0", "-o", str(file))
    assert file.read_text("utf-8") == page


def test_names_in_a_file_are_code(trained, home):
    """A stranger's model whose page has a picture, a heading or an escape sequence in it."""
    folder = home / "checkpoints" / "tale"
    shutil.copytree(trained / "checkpoints" / "tale", folder)
    checkpoint = load_checkpoint(folder / MODEL)
    named = replace(checkpoint, run=HOSTILE, corpus=HOSTILE, corpus_key="0", base=HOSTILE)
    save_checkpoint(folder / MODEL, named)
    page = call_charrnn(home, "card", "tale", "--license", HOSTILE).out
    assert page.count("img") == 3
    spans = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", page.partition("## ")[0])
    assert "img" not in spans
    assert "\x1b" not in page
    assert not re.search("^# c", page, re.MULTILINE)
    assert all(line.replace("\\|", "").count("|") in (0, 3) for line in page.splitlines()[:12])


def test_a_model_of_examples_shows_what_it_predicted(charrnn, home):
    """A traceback for a model without samples; fences that a prediction closes."""
    (home / "x.tsv").write_text("a\t```\nb\tB\n" * 40, "utf-8")
    charrnn("train", "x.tsv", "--task", "rewrite", "--steps", "2", "--hidden-size", "8")
    page = charrnn("card", "--license", "MIT").out
    assert "predicts a text for what it reads" in page
    assert "charrnn predict model.safetensors FILE" in page
    assert "````\na -> " in page or "````\nb -> " in page
    (home / "checkpoints" / "x" / METRICS).write_text(json.dumps({"event": "x"}), "utf-8")
    assert "validation examples" not in charrnn("card", "--license", "MIT").out


@pytest.mark.parametrize("args", [[], ["--license", " "]])
def test_a_licence_is_asked_for(trained, args):
    """A model that is shared, and that nobody may use."""
    done = call_charrnn(trained, "card", "tale", *args)
    assert done.code == 2
    assert "--license" in done.err
