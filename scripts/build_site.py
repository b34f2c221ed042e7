"""Build the site from the guide, the course and the package: `scripts/site`, which calls this.

Pages keep their places in the repository, so that their links to one another work as they stand.
"""

import argparse
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.site_reference import commands_page, python_page

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "site"
RUN, TIME = "writes-python", "75s"
LEARNED = "It learned from Python's own library, for 75 seconds, when this site was first built."
"""The run whose model is on the front page, how long it is trained, and what the page says."""

COURSE = "docs/course"
NAVIGATION: dict[str, Any] = {
    "Start": {
        "charrnn": "index.md",
        "What it does": "overview.md",
        "Texts": "docs/texts.md",
        "Training": "docs/training.md",
        "Sampling": "docs/sampling.md",
        "From char-rnn or nanoGPT": "docs/coming-from.md",
    },
    "Course": COURSE,
    "Guide": {
        "Tasks": {
            "Labels": "docs/labels.md",
            "Tags": "docs/tagging.md",
            "Rewriting": "docs/rewriting.md",
            "Captions": "docs/captions.md",
            "Series and videos": "docs/frames.md",
            "Sound": "docs/sound.md",
            "Numbers": "docs/numbers.md",
            "Written pictures": "docs/written-pictures.md",
        },
        "With a model": {
            "Evaluating": "docs/evaluating.md",
            "Comparing": "docs/comparing.md",
            "Compressing": "docs/compressing.md",
            "Exporting": "docs/exporting.md",
            "ONNX": "docs/onnx.md",
        },
        "At work": {
            "From Python": "docs/python.md",
            "In scripts": "docs/scripting.md",
            "Several processes": "docs/several-processes.md",
        },
    },
    "Looking inside": {
        "Units, gates, gradients": "docs/looking-inside.md",
        "A corpus in figures": "docs/statistics.md",
        "How it works": "docs/how-it-works.md",
    },
    "Reference": {
        "Commands": "reference/commands.md",
        "Python": "reference/python.md",
        "The model file": "docs/model-file.md",
    },
    "About": {
        "Benchmarks": "docs/benchmarks.md",
        "What was tried": "benchmarks/RECIPE.md",
        "Reliability": "docs/reliability.md",
        "Security": "SECURITY.md",
        "Changes": "CHANGELOG.md",
        "Contributing": "CONTRIBUTING.md",
    },
}
"""The pages of the site by their short names; a folder has its pages in the order of names."""
MOVED = {"README.md": "overview.md"}
"""Pages that have another place on the site."""
MADE = {"reference/commands.md": commands_page, "reference/python.md": python_page}

_FENCES = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[((?:!\[[^\]]*\]\([^)]*\)|[^\[\]])*)\]\(([^)\s]+)\)")


def navigation(part: Any = NAVIGATION) -> Any:
    """The navigation as mkdocs reads it: lists of one-item mappings, folders as their pages."""
    if isinstance(part, Mapping):
        return [{name: listed} for name, below in part.items() if (listed := navigation(below))]
    if part.endswith(".md"):
        return part
    pages = sorted(path.name for path in (ROOT / part).glob("*.md"))
    pages.sort(key=lambda name: name != "README.md")
    return [f"{part}/{name}" for name in pages]


def listed_pages(part: Any = None) -> Iterator[str]:
    """The pages in the navigation, in its order."""
    part = navigation() if part is None else part
    if isinstance(part, str):
        yield part
    else:
        for below in part.values() if isinstance(part, dict) else part:
            yield from listed_pages(below)


def source_of(page: str) -> str:
    """The text of a page of the site, as it was written or is made."""
    if page in MADE:
        return MADE[page]()
    places = {moved: place for place, moved in MOVED.items()}
    folder = SITE if page == "index.md" else ROOT
    return (folder / places.get(page, page)).read_text("utf-8")


def converted(text: str, page: str, pages: set[str]) -> str:
    """A page for the site: a link to what is not on the site, such as code, is its text alone."""

    def link(found: re.Match[str]) -> str:
        label, (target, _, anchor) = found[1], found[2].partition("#")
        if not target or re.match(r"\w+:|model\.html$", target):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        if path in MOVED:
            moved = posixpath.relpath(MOVED[path], posixpath.dirname(page) or ".")
            return f"[{label}]({moved}{anchor and '#'}{anchor})"
        return found[0] if path in pages or path.startswith("docs/pictures/") else label

    parts = _FENCES.split(text)
    parts[::2] = [_LINK.sub(link, part) for part in parts[::2]]
    text = "".join(parts).replace("```python\n>>> ", "```pycon\n>>> ")
    return text.replace("\n<details>\n", "\n<details markdown>\n")  # whose lists GitHub reads, too


def write_pages(folder: Path) -> None:
    """The sources of the site: pages, pictures, styles, and what mkdocs reads."""
    pages = [*listed_pages()]
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("site", "*.md"))
    shutil.copytree(SITE / "assets", folder / "assets")
    for page in pages:
        file = folder / page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(converted(source_of(page), page, {*pages}), "utf-8")


def export_model(run: str | None, file: Path) -> None:
    """Write the page of a model: of a run, or of `RUN`, which is trained if need be."""
    charrnn = [sys.executable, "-m", "charrnn"]
    if run is None:
        run = RUN
        done = subprocess.run([*charrnn, "inspect", run], capture_output=True, check=False)
        if done.returncode:
            arguments = ["train", "python", "--run", run, "--time", TIME]
            subprocess.run([*charrnn, *arguments], check=True)
    arguments = ["export", run, "--html", "--dtype", "int8", "--yes", "-o", str(file)]
    subprocess.run([*charrnn, *arguments], check=True)


def build(target: Path, run: str | None) -> None:
    """Build the site in a folder. What was in it is replaced."""
    with tempfile.TemporaryDirectory() as name:
        pages, config = Path(name) / "pages", Path(name) / "mkdocs.yml"
        write_pages(pages)
        front = pages / "index.md"
        text = front.read_text("utf-8").replace("{learned}", "" if run else LEARNED)
        front.write_text(text, "utf-8")
        export_model(run, pages / "model.html")
        places = {"docs_dir": str(pages), "site_dir": str(target.resolve()), "nav": navigation()}
        lines = [f"{key}: {json.dumps(value)}" for key, value in places.items()]
        config.write_text("\n".join([(SITE / "mkdocs.yml").read_text("utf-8"), *lines]), "utf-8")
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config)]
        subprocess.run(command, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})


def is_site(folder: Path) -> bool:
    """Whether a folder may be replaced: an earlier site, or an empty folder."""
    if not folder.is_dir():
        return False
    return (folder / "search" / "search_index.json").exists() or not [*folder.iterdir()]


def main() -> None:
    """Build, and say what was built."""
    parser = argparse.ArgumentParser(prog="scripts/site", description=__doc__)
    parser.add_argument("folder", nargs="?", default="site", type=Path, help="where it is written")
    parser.add_argument("--run", help="whose model plays on the front page; trained if left out")
    given = parser.parse_args()
    if given.folder.exists() and not is_site(given.folder):
        sys.exit(f"scripts/site: {given.folder} has other files\nName a folder of its own.")
    start = time.monotonic()
    try:
        build(given.folder, given.run)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    sizes = [path.stat().st_size for path in given.folder.rglob("*") if path.is_file()]
    print(f"{given.folder}/index.html: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, "
          f"in {time.monotonic() - start:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
