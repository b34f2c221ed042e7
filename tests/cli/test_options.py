"""Files that commands write: named alike, and never replaced without a word."""

import pytest

from tests.conftest import call_charrnn

WRITERS = {
    "sample": "sample tale -n 5 -s 1 -o",
    "probe": "probe tale tale.txt --limit 20 --html",
    "probe -o": "probe tale tale.txt --limit 20 -o",
    "export": "export tale --html -o",
    "compress": "compress small.txt -o",
    "decompress": "decompress small.crnn -o",
    "plot": "plot tale --output",
}


@pytest.fixture
def charrnn(copied_run):
    """Run the command where a copy of `tale` is, and a small text as it is and compressed."""
    home = copied_run.parent.parent
    (home / "tale.txt").write_text("the old king sat by a sea\n" * 9)
    (home / "small.txt").write_text("the old king\n")
    assert call_charrnn(home, "compress", "small.txt", "-o", "small.crnn").code == 0
    return lambda *args: call_charrnn(home, *args)


@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS)
def test_a_file_is_replaced_only_with_yes(charrnn, home, command):
    """A thesis that is now a web page."""
    file = home / "mine.svg"
    file.write_text("mine")
    refused = charrnn(*command.split(), file.name)
    assert (refused.code, "there is already a file mine.svg" in refused.err) == (2, True)
    assert file.read_text() == "mine"
    done = charrnn(*command.split(), file.name, "--yes")
    assert done.code == 0, done.err
    assert "mine.svg" in done.err or "compress" in command
    assert file.read_bytes() != b"mine"
    assert done.out == ""
    (home / "folder").mkdir()
    assert charrnn(*command.split(), "folder", "--yes").code == 2


@pytest.mark.parametrize("name", ["sample", "probe", "export"])
def test_a_dash_is_stdout(charrnn, home, name):
    """A file called `-`."""
    done = charrnn(*WRITERS[name].split(), "-")
    assert done.code == 0, done.err
    assert len(done.out) > 4
    assert not (home / "-").exists()


def test_a_picture_and_a_table_do_not_share_stdout(charrnn):
    """Bytes of a PNG among figures."""
    assert charrnn("compare", "tale", "-o", "-").code == 2
    assert charrnn("plot", "tale", "-o", "-", "--json").code == 2


def test_the_file_of_export_says_its_format(charrnn, home):
    """--html --html page.html; a page that is taken for a run."""
    for args in (["tale", "a.html"], ["b.html"], ["tale", "--html", "c.html"], ["-o", "d.html"]):
        assert charrnn("export", *args).code == 0, args
    assert len([*home.glob("?.html")]) == 4
    assert charrnn("export", "tale", "a.txt").code == 2
    assert charrnn("export", "tale", "a.html", "-o", "b.html").code == 2


def test_texts_are_named_alike(charrnn):
    """An argument of one command that is a flag of the next."""
    for command in ("gradients", "probe"):
        words = ("tale.txt", "tale tale.txt", "tale --text tale.txt", "--text tale.txt")
        told = [charrnn(command, *each.split(), "--json") for each in words]
        assert {each.code for each in told} == {0}, command
        assert len({each.out for each in told}) == 1
    assert charrnn("probe", "tale", "tale.txt", "--text", "tale.txt").code == 2
    assert "which text shall run tale read?" in charrnn("probe", "tale").err
    assert "there is no run nix" in charrnn("probe", "nix").err
