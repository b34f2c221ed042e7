"""charrnn probe, by the real command."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest

from charrnn.network.language_model import LanguageModel
from charrnn.storage.runs import load_run
from tests.conftest import SMALL, call_charrnn, lines, tale


def test_a_text_is_shown_with_what_the_network_computes(used, trained):
    """A character that is lost or doubled; a figure that is another token's."""
    text = (trained / "tale.txt").read_text("utf-8")[:700]
    plain = used("probe", "-", stdin=text)
    assert plain.code == 0, plain.err
    assert text.splitlines()[2] in plain.out
    assert "1.forget" in plain.out
    told = lines(used("probe", "tale", "-", "--unit", "1.c3", "--json", stdin=text).out)
    assert "".join(seen["text"] for seen in told[:-1]) == text
    assert all(seen["bits"] >= 0 and seen["coloring"] == "unit 1.c3" for seen in told[:-1])
    summary = told[-1]
    assert summary["tokens"] == len(text)
    assert {gate["name"] for gate in summary["gates"]} >= {"1.input", "2.output"}
    assert all(-1 <= unit["correlation"] <= 1 for unit in summary["units"])


def test_a_long_text_is_cut_and_that_is_said(used):
    """A minute without a sign of life; a text whose end is missing without a word."""
    cut = used("probe", "tale.txt", "--limit", "50", "--json")
    assert lines(cut.out)[-1]["tokens"] == 50
    assert "50 of 20,000 tokens" in cut.err
    assert used("probe", "tale.txt", "--limit", "50", "-q").err == ""


class Page(HTMLParser):
    """Where the scripts of a page are, and what it asks the network for."""

    def __init__(self):
        super().__init__()
        self.scripts, self.asked, self.inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        self.scripts += [""] * self.inside
        self.asked += [v for k, v in attrs if k in ("src", "href") and v != "#"]

    def handle_endtag(self, tag):  # noqa: ARG002  (the parser's interface)
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data


def test_the_page_is_whole_and_needs_nothing_else(home, charrnn):
    """A text that ends the script it is in; a style sheet from somewhere else."""
    text = tale(3000) + "</script><b>&amp;\n"
    (home / "tale.txt").write_text(text, "utf-8")
    assert charrnn("train", "tale.txt", "--quiet", "--steps", "5", *SMALL).code == 0
    done = charrnn("probe", "tale.txt", "-o", "tale.html", "--gate", "1.forget", "--unit", "1.c0")
    assert done.code == 0, done.err
    page = Page()
    page.feed((home / "tale.html").read_text("utf-8"))
    assert page.asked == []
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert "".join(data["pieces"]) == text
    titles = [view["title"] for view in data["views"]]
    assert titles[:3] == ["surprise, in bits", "unit 1.c0", "gate 1.forget"]
    for view in data["views"]:
        assert len(view["shades"]) == len(view["values"]) == len(text)
        assert all(-100 <= shade <= 100 for shade in view["shades"])
    assert max(data["views"][0]["values"]) > 1


def test_a_picture_is_of_the_beginning(used, home):
    """A page under the name of a picture; one of a hundred thousand letters."""
    done = used("probe", "tale.txt", "-o", str(home / "tale.svg"), "--unit", "1.c3")
    assert done.code == 0, done.err
    assert "2,000 of 20,000 tokens" in done.err
    svg = (home / "tale.svg").read_text("utf-8")
    assert svg.startswith("<svg")
    assert "unit 1.c3" in svg


def test_steps_are_those_of_the_network(used, trained, home):
    """A gate of another layer; a state before its step; logits of the token that was read."""
    steps = lines(used("probe", "tale", "The", "--steps", "--json").out)
    model = load_run(str(trained / "checkpoints" / "tale"), lambda _: None)
    network = LanguageModel(model.model, model.weights)
    state = network.step(int(model.tokenizer.encode("\n")[0]), network.zero_state())[1]
    for step, token in zip(steps, model.tokenizer.encode("The"), strict=True):
        logits, state = network.step(int(token), state)
        for number, layer in enumerate(state, 1):
            for name, array in zip("hc", layer, strict=True):
                np.testing.assert_allclose(step["values"][f"{number}.{name}"], array, atol=1e-5)
        np.testing.assert_allclose([*step["logits"].values()], logits, atol=1e-4)
        assert [*step["values"]][:5] == ["1.input", "1.forget", "1.output", "1.h", "1.c"]
    shown = used("probe", "tale", "The", "--steps", columns="44")
    assert "step 3 reads 'e'" in shown.out
    assert used("probe", "tale", "The", "--steps", "--html", str(home / "steps.html")).code == 0
    page = Page()
    page.feed((home / "steps.html").read_text("utf-8"))
    assert (page.asked, page.scripts) == ([], [])
    assert "20 of 20,000 tokens" in used("probe", "tale.txt", "--steps").err


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ("probe", 2),
        ("probe tale.txt --steps --unit 1.1", 2),
        ("probe tale Ω --steps", 3),
        ("probe tale.txt --unit 9.c1", 2),
        ("probe tale.txt --gate 1.forgot", 2),
        ("probe tale.txt --unit 1.1 --gate 1.forget", 2),
        ("probe tale.txt --html x.html --json", 2),
        ("probe tale.txt -o x.svg --steps", 2),
        ("probe tale.txt -o x.png", 2),
        ("probe tale.txt -o x.svg --unit 1.c1 --gate 1.forget", 2),
        ("probe nowhere.txt", 4),
        ("probe nothing tale.txt", 4),
    ],
)
def test_wrong_requests_are_explained(trained, args, code):
    """A traceback, or an answer to another question."""
    done = call_charrnn(trained, *args.split())
    assert done.code == code, done.err
    assert done.err.startswith("charrnn: error: ")
    assert len(done.err.splitlines()) >= 2
