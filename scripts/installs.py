"""Install the wheel in dist/ by each line of the README: `python -m scripts.installs`, in .venv.

An index on the loopback address, made for it, stands for PyTorch's and for a published release: it
has the wheel and that of torch (`--torch`: a file, else what pip finds). All other packages come
from the index that is configured. Prints what each line takes. scripts/release makes the wheel.
"""

import argparse
import functools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTORCH = "https://download.pytorch.org/whl/cpu"


def lines() -> list[str]:
    """The README's lines that install: of uv, pipx and pip."""
    text = (ROOT / "README.md").read_text("utf-8")
    return re.findall(r"^ {4}((?:uv tool|pipx|pip) install \. .*)$", text, re.MULTILINE)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def index(folder: Path, wheels: list[Path]) -> Iterator[str]:
    """The address of an index (PEP 503) that has these wheels."""
    for wheel in wheels:
        name = re.sub("[-_.]+", "-", wheel.name.split("-")[0]).lower()
        page = folder / name
        page.mkdir()
        (page / wheel.name).symlink_to(wheel)
        (page / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>', "utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def install(line: str, address: str, folder: Path, torch: str) -> None:
    """Follow a line in an empty environment, use the command, and say what it took.

    `torch` is its version in the index: the index that is configured may have a newer one.
    """
    constraint = folder / "constraint.txt"
    constraint.write_text(f"torch=={torch}", "utf-8")
    environment = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    tools = [name for name in ("uv", "pipx") if line.startswith(name)]
    if tools:
        subprocess.run([commands / "pip", "install", "--quiet", *tools], check=True)
    before = size(folder)
    words = shlex.split(line.replace("--torch-backend cpu", f"--index {PYTORCH}"))
    given = [word.replace(PYTORCH, address) for word in words]
    given = ["charrnn-toolkit" if word == "." else word for word in given]
    homes = {"UV_TOOL_DIR": "tools", "UV_TOOL_BIN_DIR": "bin", "UV_CACHE_DIR": "cache",
             "PIPX_HOME": "tools", "PIPX_BIN_DIR": "bin", "PIP_CACHE_DIR": "cache",
             "PIP_CONSTRAINT": constraint.name, "UV_CONSTRAINT": constraint.name}  # fmt: skip
    env = {**os.environ, **{name: str(folder / home) for name, home in homes.items()}}
    env = {name: value for name, value in env.items() if name != "PYTHONPATH"}
    begun = time.monotonic()
    subprocess.run(
        [commands / given[0], *given[1:]], check=True, env=env, stdout=subprocess.DEVNULL
    )
    seconds = time.monotonic() - begun
    command = (commands if given[0] == "pip" else folder / "bin") / "charrnn"
    said = subprocess.run([command, "--version"], check=True, env=env, capture_output=True)
    taken = (size(folder) - before) / 1e6
    print(f"{line}\n  {said.stdout.decode().strip()}: {seconds:.0f} s, {taken:.0f} MB", flush=True)


def size(folder: Path) -> int:
    """Bytes of the files in a folder: of those with several names (links) once."""
    files = (path.lstat() for path in folder.rglob("*") if path.is_file())
    return sum({file.st_ino: file.st_size for file in files}.values())


def main() -> None:
    """Follow each line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", type=Path, help="a wheel of torch, without CUDA")
    given = parser.parse_args()
    (wheel,) = (ROOT / "dist").glob("*.whl")
    with tempfile.TemporaryDirectory() as downloads:
        if not given.torch:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", downloads]
            subprocess.run([*pip, "-c", ROOT / "constraints.txt", "torch"], check=True)
        torch = given.torch or next(Path(downloads).glob("*.whl"))
        with index(Path(downloads), [wheel, torch.absolute()]) as address:
            for line in lines():
                with tempfile.TemporaryDirectory() as folder:
                    install(line, address, Path(folder), torch.name.split("-")[1])


if __name__ == "__main__":
    main()
