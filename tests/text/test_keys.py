"""Keys of corpora: the same in all versions."""

import hashlib
import json

from charrnn.settings import TextSettings
from charrnn.text.keys import corpus_key


def test_keys_are_those_of_all_versions_and_settings_that_matter_change_them(home):
    """Runs that no longer find their corpus; tokens of other settings found in its place."""
    (home / "a.txt").write_text("one\ntwo\n")
    digest = hashlib.sha256(b"one\ntwo\n").hexdigest()
    plain = hashlib.sha256(json.dumps([1, "char", "utf-8", digest]).encode()).hexdigest()
    assert corpus_key("a.txt", TextSettings()) == plain
    without_effect = {"split": "50/50", "include": "*.c", "vocab_size": 300, "encoding": "U8"}
    assert corpus_key("a.txt", TextSettings(**without_effect)) == plain
    others = [
        {"min_count": 2}, {"errors": "skip"}, {"newlines": "lf"}, {"field": "t"},
        {"document_per": "line"}, {"document_per": "file"}, {"tokenizer": "bpe"},
        {"tokenizer": "bpe", "vocab_size": 300}, {"tokenizer": "byte"},
    ]  # fmt: skip
    keys = {corpus_key("a.txt", TextSettings(**other)) for other in others}
    assert len(keys | {plain}) == len(others) + 1
