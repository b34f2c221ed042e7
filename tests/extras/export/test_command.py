"""charrnn export: files that need nothing of ours."""

import shutil
from dataclasses import replace

import pytest

from charrnn.storage.checkpoint import load_checkpoint, save_checkpoint
from charrnn.storage.runs import MODEL
from tests.conftest import lines, posix
from tests.tasks.conftest import checkpoint_of, corpus_for, randomized, task_on


@pytest.mark.parametrize(("dtype", "most"), [("fp32", 1e-6), ("fp16", 0.001), ("int8", 0.02)])
def test_a_page_is_written_and_its_quality_is_said(copied_run, charrnn, home, dtype, most):
    """A rounding that costs more than it says; a file under another name."""
    result = charrnn("export", "tale", "--html", "--dtype", dtype, "--json")
    assert (result.code, result.err) == (0, "")
    (record,) = lines(result.out)
    assert record["bytes"] == (home / record["file"]).stat().st_size
    assert record["file"] == "tale.html"
    assert abs(record["bits_per_character"] - record["exact_bits_per_character"]) < most
    page = (home / "tale.html").read_text("utf-8")
    assert f"{record['bits_per_character']:.3f}" in page


def test_a_page_has_a_name_of_its_own(copied_run, charrnn, home):
    """A stranger's model, whose name leads out of the folder, or breaks the page."""
    found = load_checkpoint(copied_run / "model.safetensors")
    for name in ("../../escaped", "a/b", "\ud800<b>"):
        save_checkpoint(home / "model.safetensors", replace(found, run=name))
        before = set(home.iterdir())
        result = charrnn("export", "model.safetensors", "--html")
        assert result.code == 0, result.err
        (page,) = set(home.iterdir()) - before
        assert page.suffix == ".html"
        assert "<b>" not in page.read_text("utf-8").partition("</title>")[0]
        page.unlink()


def test_a_page_goes_to_stdout(used):
    """A notice in the middle of the page."""
    result = used("export", "tale", "--html", "-o", "-", "--dtype", "int8")
    assert result.code == 0
    assert result.out.startswith("<!doctype html>")
    assert result.out.endswith("</html>\n")
    assert "Written: stdout" in result.err
    assert " bits per character on valid (stream), " in result.err


def test_without_its_corpus_a_run_is_exported_without_a_score(copied_run, charrnn, home):
    """A model that cannot be exported because its text was removed."""
    shutil.rmtree(home / "corpora")
    result = charrnn("export", "page.html")
    assert result.code == 0
    assert (home / "page.html").is_file()
    assert "not measured: the corpus of run tale" in result.err


@pytest.mark.parametrize(
    "args",
    [
        [], ["--html", "--onnx"], ["--html", "--graph", "step"], ["--html", "--json", "-o", "-"],
        ["--html", "--dtype", "int4"],
    ],
)  # fmt: skip
def test_flags_that_make_no_sense_together_are_refused(used, args):
    """A command that writes something else than was asked for."""
    result = used("export", "tale", *args)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err


@posix
def test_a_page_that_cannot_be_written_is_an_error(used):
    """A traceback where the disk refuses."""
    result = used("export", "tale", "--html", "-o", "/dev/null/page.html")
    assert result.code != 0
    assert "Traceback" not in result.err


def test_a_run_of_another_task_is_exported(corpus_run, charrnn, home):
    """A model that must stay where it was trained."""
    for flags, names in (
        (["--html"], ["run.html"]), (["--onnx"], ["run-encoder.onnx", "run-decoder.onnx"])
    ):  # fmt: skip
        result = charrnn("export", *flags, "--json")
        assert result.code == 0, result.err
        records = lines(result.out)
        assert [record["file"] for record in records] == names
        for record in records:
            assert record["bytes"] == (home / record["file"]).stat().st_size
            assert record["exact_character_error_rate"] >= 0
    assert charrnn("export", "--onnx", "-o", "-").code == 2
    assert charrnn("export", "--onnx", "--graph", "step").code == 2


@pytest.fixture
def corpus_run(home):
    """A run that rewrites, which has not been trained."""
    corpus = corpus_for("rewrite", home)
    task = task_on(corpus)
    folder = home / "checkpoints" / "run"
    folder.mkdir(parents=True)
    save_checkpoint(folder / MODEL, checkpoint_of(task, randomized(task)))
    return folder
