"""charrnn gradients, by the real command."""

import pytest

from tests.conftest import call_charrnn, lines


def test_gradients_of_a_run_and_of_an_untrained_network(used):
    """A curve that begins somewhere else; an untrained network that is the run."""
    layers = lines(used("gradients", "--json").out)
    assert [layer["layer"] for layer in layers] == [1, 2]
    for layer in layers:
        assert layer["norms"][0] == pytest.approx(1)
        assert len(layer["norms"]) == 201
        assert [*layer["singular"]] == ["input", "forget", "candidate", "output"]
    args = ("gradients", "--cell", "relu", "--text", "tale.txt", "--json", "--hidden-size", "32")
    (dies,) = lines(used(*args, "--gain", "1").out)
    (grows,) = lines(used(*args, "--gain", "4").out)
    shown = used(*args[:-3], "--hidden-size", "16", columns="80", env={"PYTHONIOENCODING": "ascii"})
    assert shown.code == 0, shown.err
    assert "k=200" in shown.out
    assert dies["decades_per_step"] < -0.05
    assert grows["decades_per_step"] > 0.05


def test_several_cells_are_measured_on_the_same_text(used):
    """A cell whose figures depend on those before it; curves that cannot be told apart."""
    args = ("gradients", "--text", "tale.txt", "--hidden-size", "8", "--layers", "2", "--cell")
    both = lines(used(*args, "elman,minlstm", "--json").out)
    assert [layer["network"] for layer in both] == [
        "untrained, elman 2x8", "untrained, elman 2x8",
        "untrained, minlstm 2x8", "untrained, minlstm 2x8",
    ]  # fmt: skip
    assert lines(used(*args, "minlstm", "--json").out) == both[2:]
    assert [[*layer["singular"]] for layer in both[1:3]] == [["hidden"], []]
    shown = used(*args, "elman,minlstm")
    assert "C minlstm 2x8 layer 1" in shown.out


def test_several_gains_stand_in_one_picture(used, home):
    """Curves that cannot be told apart; a table in the file of a picture."""
    args = ("gradients", "--text", "tale.txt", "--hidden-size", "8", "--cell", "relu", "--gain")
    several = lines(used(*args, "1,4", "--json").out)
    assert [layer["network"] for layer in several] == [
        "untrained, relu 1x8, variance 1/n", "untrained, relu 1x8, variance 4/n",
    ]  # fmt: skip
    assert several[0]["decades_per_step"] < 0 < several[1]["decades_per_step"]
    done = used(*args, "1,4", "-o", str(home / "gains.svg"))
    assert (done.code, done.out) == (0, ""), done.err
    svg = (home / "gains.svg").read_text("utf-8")
    assert svg.startswith("<svg")
    assert svg.count(">relu 1x8, variance ") == 2
    assert ">10⁰<" in svg


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ("gradients --cell relu --gain 2,x --text tale.txt", 2),
        ("gradients --cell relu --gain -1 --text tale.txt", 2),
        ("gradients --cell relu --text tale.txt -o x.txt", 2),
        ("gradients tale -o x.svg --json", 2),
        ("gradients --gain 2", 2),
        ("gradients --hidden-size 9", 2),
        ("gradients --cell relu", 2),
        ("gradients tale --cell relu --text tale.txt", 2),
        ("gradients --cell lstm,lstn --text tale.txt", 2),
        ("gradients --cell mingru --gain 2 --text tale.txt", 2),
        ("gradients --encoding latin-1", 2),
        ("gradients --text -", 3),
    ],
)
def test_wrong_requests_are_explained(trained, args, code):
    """A traceback, or an answer to another question."""
    done = call_charrnn(trained, *args.split())
    assert done.code == code, done.err
    assert done.err.startswith("charrnn: error: ")
    assert len(done.err.splitlines()) >= 2
