"""What errors say: guesses that are near, names that are short, commands that can be pasted."""

import re
import shlex
import sys
import tomllib

import pytest

from charrnn.errors import near, to_install
from tests.rooms import PACKAGE

EXTRAS = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]


def package_name(requirement):
    """'backports.zstd >= 1.0; ...' -> backports-zstd, as packages are named."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - {"dev"}))
def test_the_command_that_installs_an_extra_names_its_packages(extra):
    """The name of this package, which is on no index; another Python than the one at work."""
    title, command = to_install(extra, ", or wait").splitlines()
    python, _, pip, install, *packages = shlex.split(command)
    assert title == "Install it, or wait:"
    assert [python, pip, install] == [sys.executable, "pip", "install"]
    assert {*map(package_name, packages)} == {*map(package_name, EXTRAS[extra])}


@pytest.mark.parametrize(
    ("word", "guess"),
    [("lsmt", "lstm"), ("LSTN", "lstm"), ("temp", "temp"), ("tmp", "temp"), ("p", None),
     ("do-sample", None), ("output", None), ("x", None)],
)  # fmt: skip
def test_a_guess_is_near_or_not_made(word, guess):
    """--temp for -p."""
    assert near(word, ["lstm", "temp", "count", "stop", "prompt"]) == guess
