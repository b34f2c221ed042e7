"""Keys of corpora: digests of all that their files depend on. Equal input gives an equal key."""

import codecs
import hashlib
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from charrnn.files import corpora
from charrnn.settings import TextSettings, values_of, without_effect
from charrnn.text.corpus import Corpus
from charrnn.text.source import JoinedSources, Reader
from charrnn.text.tokenizers import Tokenizer, to_json

_VERSION = 1  # not that of the format: with another one no checkpoint would find its corpus
_TOKENIZING = ("vocab_size", "min_count")
_READING = ("errors", "newlines", "field", "document_per")  # beside the encoding


def corpus_key(source: str | Path, settings: TextSettings) -> str:
    """The key of a corpus made from this one source, which is not a stream."""
    with tempfile.TemporaryDirectory() as copies:
        reader = Reader(settings, raw=False, emit=lambda _: None)
        joined = JoinedSources([source], reader, None, Path(copies))
    return content_key(joined.digests, settings)


def is_from_catalog(corpus: Corpus) -> bool:
    """Whether a corpus is made of the catalog's text of its name."""
    path = corpora() / "catalog" / f"{corpus.name}.txt"
    return path.is_file() and corpus_key(path, corpus.text) == corpus.key


def content_key(
    digests: list[str], settings: TextSettings, vocabulary: Tokenizer | None = None
) -> str:
    """The digest of everything that the tokens depend on. The split is not part of that.

    Settings with their defaults are not in it: they did not exist when the first keys were made.
    """
    chosen = changed(settings, (*_TOKENIZING, *_READING))
    if vocabulary:
        described = described_tokenizer(vocabulary).encode()
        chosen = {"vocabulary": hashlib.sha256(described).hexdigest()} | chosen
    encoding = codecs.lookup(settings.encoding).name
    made_from = [_VERSION, settings.tokenizer, encoding, *digests, *([chosen] * bool(chosen))]
    return digest_of(made_from)


def digest_of(made_from: list[Any]) -> str:
    """The sha256 of values, as JSON."""
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def changed(settings: TextSettings, names: Iterable[str], **beside: str) -> dict[str, Any]:
    """Settings of these names that have an effect beside others and differ from their defaults."""
    useless = without_effect(values_of(settings) | beside)
    chosen = {name: getattr(settings, name) for name in names if name not in useless}
    return {name: value for name, value in chosen.items() if value != getattr(TextSettings, name)}


def described_tokenizer(tokenizer: Tokenizer) -> str:
    """What the ids of a text depend on."""
    described = to_json(tokenizer)
    described.pop("utf8", None)  # of the text that it was made for
    return json.dumps(described, sort_keys=True)
