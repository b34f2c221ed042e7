"""Make the pictures of the guide from real runs: `python -m scripts.pictures RUN...`, in .venv.

The first run gives the training screen, the coloured text (of `--text`) and the web pages, which
are photographed by chromium where that is installed; the others give the comparison. They are
looked for in CHARRNN_HOME, and the pictures written to docs/pictures.
"""

import argparse
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from charrnn import events
from charrnn.display.dashboard import Dashboard
from charrnn.display.reports import show
from charrnn.extras.comparing.comparison import compare_runs
from charrnn.extras.comparing.show import comparison_report
from charrnn.extras.export.html_page import html_page
from charrnn.extras.probing.colorings import SURPRISE
from charrnn.extras.probing.findings import reading_of
from charrnn.extras.probing.show import page_of, picture_of
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import METRICS, find, load_run
from charrnn.text.encoding import read_tokens

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
KINDS: dict[str, Any] = {
    kind.__name__.lower(): kind
    for kind in (events.Started, events.Planned, events.Stepped, events.Evaluated, events.Sampled)
}
FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def recorder(width: int, height: int = 40) -> Console:
    """A console that records its output."""
    return Console(
        file=io.StringIO(), record=True, width=width, height=height, force_terminal=True,
        color_system="truecolor", highlight=False,
    )  # fmt: skip


def write(console: Console, name: str, title: str) -> None:
    """What was printed, as an SVG.

    A page that shows it as a picture loads no fonts from elsewhere, so those of the reader are
    named; at 21 pixels the strokes of a frame meet from line to line.
    """
    svg = console.export_svg(title=title, theme=SVG_EXPORT_THEME)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS).replace("font-size: 20px", "font-size: 21px")
    (PICTURES / f"{name}.svg").write_text(svg, "utf-8")
    print(f"{name}.svg, {len(svg) / 1000:.0f} kB", file=sys.stderr)


def training(run: str, fraction: float = 0.75) -> None:
    """The screen as it was after a fraction of the run."""
    console = recorder(100)
    dashboard = Dashboard(console)
    known = [json.loads(line) for line in (find(run).parent / METRICS).open(encoding="utf-8")]
    last = max(event.get("step", 0) for event in known)
    for event in known:
        kind = KINDS.get(event["event"])
        if kind and event.get("step", 0) <= fraction * last:
            event["scores"] = {name: event[name] for name in event if name.startswith("bits_per_")}
            dashboard(kind(**{name: event[name] for name in kind.__dataclass_fields__}))
    console.print(dashboard.render())
    write(console, "training", f"charrnn train {run}.txt")


def compared(runs: list[str]) -> None:
    """The table and the curves."""
    console = recorder(100)
    with patch("charrnn.display.reports.output_console", lambda **_: console):
        groups, _ = compare_runs(runs, None, lambda _: None)
        show(comparison_report(groups), as_json=False)
    write(console, "compare", f"charrnn compare {' '.join(runs)}")


def probed(model: Checkpoint, text: Path) -> None:
    """A text in the colours of the network's surprise."""
    ids, _ = read_tokens(text, model.tokenizer, model.text, lambda _: None)
    reading = reading_of(model, ids, lambda _: None)
    svg = picture_of(f"charrnn probe {model.run} {text.name}", reading, SURPRISE)
    (PICTURES / "probe.svg").write_text(svg, "utf-8")
    print(f"probe.svg, {len(svg) / 1000:.0f} kB", file=sys.stderr)


def photographed(model: Checkpoint, corpus: Path, tokens: int = 20_000) -> None:
    """The web page of `charrnn probe --html`, coloured by the unit that follows a property best."""
    ids = read_tokens(corpus, model.tokenizer, model.text, lambda _: None)[0][:tokens]
    page = page_of(f"{model.run} reads {corpus.name}", reading_of(model, ids, lambda _: None), [])
    last = "colour();\n</script>"
    assert last in page
    page = page.replace(last, f"chosen.value = 1;\n{last}")  # behind surprise
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(page)
        file.flush()
        photograph(Path(file.name).as_uri(), "report", "960,560")


def played(model: Checkpoint) -> None:
    """The web page of `charrnn export --html`, when it has written a text."""
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(html_page(model, "fp16"))
        file.flush()
        settings = "write&prompt=ROMEO:%0A&seed=5&length=300&temperature=0.7"
        photograph(f"{Path(file.name).as_uri()}#{settings}", "page", "1040,720")


def photograph(address: str, name: str, size: str) -> None:
    """A web page as a PNG of so many pixels; nothing without chromium."""
    picture = PICTURES / f"{name}.png"
    chromium = shutil.which("chromium")
    if chromium is None:
        print(f"{picture.name} is left as it is: chromium is not installed", file=sys.stderr)
        return
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={size}"]
    options.append("--virtual-time-budget=20000")  # time enough to write
    command = [chromium, *options, f"--screenshot={picture}", address]
    subprocess.run(command, check=True, capture_output=True)
    print(f"{picture.name}, {picture.stat().st_size / 1000:.0f} kB", file=sys.stderr)


def main() -> None:
    """Make all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--text", type=Path, required=True, help="a text of a few lines")
    parser.add_argument("--corpus", type=Path, required=True, help="a longer text")
    given = parser.parse_args()
    training(given.runs[0])
    if len(given.runs) > 1:
        compared(given.runs[1:])
    model = load_run(given.runs[0], lambda _: None)
    probed(model, given.text)
    photographed(model, given.corpus)
    played(model)


if __name__ == "__main__":
    main()
