"""Names are data: whatever is in a name, every display shows it as it is."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from matplotlib.figure import Figure

from charrnn.cli.completion import run_names
from charrnn.display.charts import chart_of_run
from charrnn.display.console import error_console
from charrnn.display.dashboard import Dashboard
from charrnn.display.figures import write_figure
from charrnn.display.help import Entry, print_help
from charrnn.display.log import Lines, show_error
from charrnn.display.reports import Report, show
from charrnn.display.stdout import escaped, on_one_line
from charrnn.display.svg import svg_of
from charrnn.errors import CharRNNError
from charrnn.events import Finished, Noticed, Prepared, Progress, Sampled, Started
from charrnn.extras.attention.show import AttentionPage, print_attention
from charrnn.extras.comparing.show import RunCurves, charts, pictured
from charrnn.tables import Styled, Table
from charrnn.tasks.outputs.sequence_prediction import TextPrediction
from charrnn.text.tokenizers import valid_unicode
from tests.conftest import call_charrnn
from tests.display.conftest import curves, shown

NASTY = ("[/INST]", "[bold]", ":smile:", "$x_{", "_hidden", "<b>&amp;", "[link=a]x[/]", "{{title}}",
         "\x1b[2J\x9b1m", "a\nb\tc\r", "\u202eexe", "\udcff", "{}%s%", "</script>")  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(NASTY),
    st.text(
        st.sampled_from("[]/:$_\\<&>{}%a\x1b\x07\n\t\x9b\u202e\udc80é"), min_size=1, max_size=9
    ),
)


def printed(*renderables):
    console = error_console()
    for renderable in renderables:
        console.print(renderable)


def on_dashboard(name):
    console = error_console()
    dashboard = Dashboard(console)
    for event in events(name):
        dashboard(event)
        console.print(dashboard.render())
    console.print(dashboard.render(running=False))


def in_log(name):
    for event in events(name):
        Lines(error_console())(event)


def events(name):
    run = (name, 60, 7, "character", "lstm 1x1", 9, "muon", "linear", "cpu", "fp32", 1, 1, 0)
    return [Progress(name, 1, 2), Prepared(name, name, 9, 9, False), Started(name, "p", *run),
            Noticed(name), Sampled(1, name),
            Finished(name, 1, 1, "valid", "stream", 1.0, {}, {}, 1.0, False)]  # fmt: skip


def a_help(name):
    print_help(name, name, {name: [Entry(name, name, name, name)]}, name)


def attended(name):
    return TextPrediction(name, [name], name, 0.0, [], [name], np.ones((1, 1), np.float32))


DISPLAYS = {
    "a table": lambda name: show(
        Report([], [Table([name, "n"], [[name, 1]], name, [name])]), False
    ),
    "a list": lambda name: show(
        Report([], [Table(["n", name], [[1, [Styled(name, "bold")]]], widths=(3,))]), False
    ),
    "a chart": lambda name: printed(chart_of_run(name, name, curves(), "time")),
    "a legend": lambda name: printed(
        *charts([RunCurves(run, name, curves()) for run in (name, "other")], "time", False)
    ),
    "the log": in_log,
    "the training screen": on_dashboard,
    "an error": lambda name: show_error(CharRNNError(name, name)),
    "a help": lambda name: a_help(on_one_line(name)),
    "attention": lambda name: print_attention(attended(name)),
}


@pytest.mark.parametrize("display", DISPLAYS)
@example(name="[/INST]")
@example(name=":smile:")
@settings(max_examples=30)
@given(name=NAMES)
def test_a_screen_shows_any_name(display, name):
    """A label [/INST] that ends a command, [bold] that vanishes, an escape that is obeyed."""
    text = shown(DISPLAYS[display], name)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    for spelling in (on_one_line(name), escaped(name), on_one_line(valid_unicode(name))):
        if (seen := "".join(spelling.split())) in "".join(re.sub("[│╭╮]", "", text).split()):
            return
    raise AssertionError(seen, text)


class Words(HTMLParser):
    """The text of a page, without its scripts."""

    text = ""

    def handle_data(self, data):
        if self.lasttag not in ("script", "style"):
            self.text += data


@settings(max_examples=30)
@given(name=NAMES)
def test_a_page_shows_any_name(module_home, name):
    """A name that ends the script of a page, or becomes a part of it."""
    page = AttentionPage(name, module_home / "page.html")
    page.add(attended(name))
    page.save()
    reader = Words()
    reader.feed((module_home / "page.html").read_text("utf-8"))
    assert reader.text.count(on_one_line(valid_unicode(name))) >= 5  # its own words may have it
    assert not {"b", "script"} & set(re.findall(r"<(\w+)", (module_home / "page.html").read_text()))


@settings(max_examples=30)
@given(name=NAMES)
def test_a_picture_shows_any_name(module_home, name):
    """A legend that reads $ as mathematics, or leaves _hidden out; a name that is markup."""
    saved = []
    shows = pictured([RunCurves(run, name, curves()) for run in (name, "b")], "time", False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", lambda figure, *_, **__: saved.append(figure))
        write_figure(shows, module_home / "a.png")
    (axes,) = saved[0].axes
    labels = axes.get_legend().get_texts()
    assert [label.get_text() for label in labels] == [on_one_line(name), "b"]
    assert not any(text.get_parse_math() for text in (*labels, axes.title))
    assert axes.title.get_text().startswith(on_one_line(name))
    texts = [element.text for element in ET.fromstring(svg_of(shows)).iter() if element.text]
    assert texts[0].startswith(on_one_line(name))
    assert texts[-2:] == [on_one_line(name), "b"]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_drawn_with_nasty_names(tmp_path, ending):
    """A warning for each letter that the font lacks; a comment that ends the SVG."""
    runs = [RunCurves(name, name, curves()) for name in (*NASTY, "--><x>", "名")]
    write_figure(pictured(runs, "time", True), tmp_path / f"a.{ending}")
    assert "<x>" not in (tmp_path / f"a.{ending}").read_bytes().decode("latin-1")


def test_completion_offers_no_name_that_a_shell_would_read_as_more(home):
    """A folder `x;reboot`, or `$(reboot)`, that the Tab key puts onto the command line."""
    for name in ("good-1.0", "größe", "x;reboot", "$(reboot)", "\\$(x)", "a b", "x\x1b[2J"):
        (home / "checkpoints" / name).mkdir(parents=True)
    assert run_names("") == ["good-1.0", "größe"]


def test_commands_show_labels_and_files_of_any_name(home):
    """A column that the corpus of a file `[draft] tale.txt` loses; an eval that a label ends."""
    labels = [*NASTY[:8], "x\x1b[2J"]
    examples = "".join(f"{labels[n % 9]}\t{'abcdefghi'[n % 9] * 3}{n}\n" for n in range(180))
    (home / "[draft] tale.tsv").write_text(examples, "utf-8")
    small = ("--steps", "3", "--hidden-size", "8", "--batch-size", "8", "--split", "50/25/25")
    trained = call_charrnn(home, "train", "[draft] tale.tsv", "--task", "label", *small)
    assert trained.code == 0, trained.err
    next((home / "checkpoints").iterdir()).rename(home / "checkpoints" / "[bold] $x")
    seen = {}
    for command in ("eval", "corpora", "runs", "compare", "plot", "inspect"):
        seen[command] = call_charrnn(home, command)
        assert seen[command].code == 0, seen[command].err
        assert "\x1b" not in seen[command].out + seen[command].err
    for label in labels:
        assert on_one_line(label) in seen["eval"].out
    assert "[draft] tale" in seen["corpora"].out
    for command in ("runs", "compare", "plot", "inspect"):
        assert "[bold] $x" in seen[command].out
