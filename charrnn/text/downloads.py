"""Texts that are named by where they are on the web.

corpora/downloads/1f0b52c7/input.txt    of each URL the file, in a folder named by its digest
"""

import hashlib
import re
from pathlib import Path

from charrnn.events import Emit
from charrnn.files import corpora, plain_name
from charrnn.text.catalog import download


def is_url(name: str | Path) -> bool:
    """Whether a text is named by where it is on the web."""
    return bool(re.match(r"https?://[^/]", str(name)))


def fetched(url: str, emit: Emit) -> Path:
    """The file of a text on the web, downloaded the first time. TextError if it cannot be.

    It keeps its name, which becomes that of the corpus.
    """
    from urllib.parse import unquote  # slow to import, like all that downloads

    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    name = unquote(url.partition("?")[0].rstrip("/").rpartition("/")[2])
    path = corpora() / "downloads" / digest / plain_name(name)
    if not path.is_file():
        download(url, "", path, emit)
    return path
