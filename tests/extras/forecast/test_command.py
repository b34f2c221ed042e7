"""charrnn forecast and eval of numbers, by the real commands."""

import math
import re

import pytest

from tests.conftest import call_charrnn, lines

ROWS = [(f"2020-{n}", round(50 + n / 4 + 10 * math.sin(n * math.pi / 2), 1)) for n in range(160)]
TABLE = "day,sold\n" + "".join(f"{day},{sold}\n" for day, sold in ROWS)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a run `sold` of a series that grows, with a season of four."""
    folder = tmp_path_factory.mktemp("numbers")
    (folder / "sold.csv").write_text(TABLE)
    trained = call_charrnn(
        folder, "train", "sold.csv", "--tokenizer", "number", "--season", "4",
        "--split", "80/10/10", "--steps", "40", "--hidden-size", "16", "--run", "sold",
    )  # fmt: skip
    assert trained.code == 0, trained.err
    assert "bits per number" in trained.err
    return folder


def test_a_series_goes_on(home):
    """A trend that ends with the training; another forecast from the same seed."""
    args = ("forecast", "sold", "--horizon", "8", "--seed", "1")
    shown = lines(call_charrnn(home, *args, "--json").out)
    assert [row["step"] for row in shown] == [*range(1, 9)]
    for n, row in enumerate(shown, 160):
        assert row["low"] <= row["median"] <= row["high"]
        assert row["median"] == pytest.approx(50 + n / 4 + 10 * math.sin(n * math.pi / 2), abs=4)
    assert lines(call_charrnn(home, *args, "--json").out) == shown
    table = call_charrnn(home, *args, "--csv").out.splitlines()
    assert table[0] == "step,low,median,high"
    assert float(table[1].split(",")[2]) == pytest.approx(shown[0]["median"], abs=0.051)
    assert "interval of 80 %" in call_charrnn(home, *args).out
    exported = call_charrnn(home, "export", "sold", "-o", "sold.html")
    assert "this model was trained on numbers" in exported.err


def test_a_file_goes_on_and_so_does_stdin(home):
    """The run's own series, whatever was named."""
    args = "--horizon", "1", "--seed", "1", "--json"
    (home / "more.csv").write_text(TABLE.replace(",", ",1"))  # a hundred more
    (of_file,) = lines(call_charrnn(home, "forecast", "sold", "more.csv", *args).out)
    assert of_file["median"] > 150
    piped = call_charrnn(home, "forecast", "sold", "-", *args, stdin=TABLE)
    assert lines(piped.out)[0]["median"] < 150, piped.err
    few = call_charrnn(home, "forecast", "sold", "-", *args, stdin="50\n60\n")
    assert (few.code, "4 numbers before it" in few.err) == (3, True)


def test_several_series_go_on(home):
    """A series that goes on from the one before; one that nobody named."""
    shops = "shop,sold\n" + "".join(
        f"{shop},{level + n % 4}\n" for shop, level in (("a", 20), ("b", 60)) for n in range(60)
    )
    (home / "shops.csv").write_text(shops)
    series = "--tokenizer", "number", "--series", "shop", "--column", "sold"
    trained = call_charrnn(
        home, "train", "shops.csv", *series, "--difference", "none", "--steps", "60",
        "--hidden-size", "16", "--split", "100/0", "--run", "shops",
    )  # fmt: skip
    assert trained.code == 0, trained.err
    args = "--horizon", "2", "--seed", "1"
    rows = lines(call_charrnn(home, "forecast", "shops", "shops.csv", *args, "--json").out)
    assert [(row["series"], row["step"]) for row in rows] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert rows[1]["median"] < 40 < rows[2]["median"]
    piped = call_charrnn(home, "forecast", "shops", "-", *args, "--csv", stdin=shops)
    assert piped.out.splitlines()[0] == "series,step,low,median,high", piped.err
    assert len(piped.out.splitlines()) == 5
    assert "several series" in call_charrnn(home, "forecast", "shops").err
    pictured = call_charrnn(home, "forecast", "shops", "shops.csv", "-o", "shops.svg")
    assert "has 2 series" in pictured.err


def test_eval_has_the_measures_beside_naive_ones(home):
    """A score without what it stands beside."""
    (scores,) = lines(call_charrnn(home, "eval", "sold", "--horizon", "4", "--json").out)
    for kind in ("one_step", "free_running"):
        measured = scores["forecasts"][kind]
        assert {*measured} == {"horizon", "this_model", "naive", "seasonal_naive"}
        assert measured["seasonal_naive"]["mae"] == pytest.approx(1, abs=0.1)
        assert measured["this_model"]["mae"] < measured["naive"]["mae"]
    assert "within 80 %" in call_charrnn(home, "eval", "sold", "sold.csv").out


def test_sampled_numbers_stand_a_line_each(home):
    """Half a number at the end; a number behind the prompt's last one."""
    (home / "sold.txt").write_text("\n".join(str(sold) for _, sold in ROWS))
    sampled = call_charrnn(
        home, "sample", "sold", "--length", "5", "--seed", "1", "--prompt-file", "sold.txt"
    )
    assert len([float(line) for line in sampled.out.split()]) == 165, sampled.err
    lengths = "--length", "2", "--seed", "1"
    one = call_charrnn(home, "sample", "sold", *lengths, "--prompt", "52.5")
    assert one.out.startswith("52.5\n")
    assert len(one.out.splitlines()) == 3
    asked = call_charrnn(home, "sample", "sold", *lengths, "--prompts", "-", stdin="52.5\n60\n")
    assert [*filter(None, asked.out.splitlines())][0::3] == ["52.5", "60"], asked.err


@pytest.mark.parametrize(
    ("text", "flags", "error"),
    [(TABLE, ("--column", "bought"), "no column 'bought'"),
     ("a,b\n1,2\n", (), "line 1|too few|two different|several columns|one token"),
     ("a,b,c\n1,2,3\n", (), "several columns"),
     ("x\n1\ntwo\n", (), "line 3"), ("3\n" * 50, (), "no two different"),
     ("x\n1\ninf\n", (), "line 3"), ("", (), "nothing in"),
     (TABLE, ("--difference", "season"), "needs a --season"),
     (TABLE, ("--document-per", "line"), "no effect"),
     ("s,x\na,1\nb,2\na,3\n", ("--series", "s", "--column", "x"), "goes on after another")],
)  # fmt: skip
def test_what_cannot_be_learned_is_a_sentence(tmp_path, text, flags, error):
    """A traceback, or a series of something else."""
    (tmp_path / "bad.csv").write_text(text)
    args = ("train", "bad.csv", "--tokenizer", "number", "--steps", "2", *flags)
    result = call_charrnn(tmp_path, *args)
    assert result.code not in (0, 1)
    assert "Traceback" not in result.err
    assert re.search(error, result.err), result.err
