"""One token is a byte of UTF-8."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.events import Unit
from charrnn.settings import TextSettings, TokenizerName
from charrnn.text.tokenizers.base import END, Ids, Tokenizer, read_flag, smallest_type


class Bytes(Tokenizer):
    """One token is a byte of UTF-8. The vocabulary of 256 encodes any text and any file."""

    kind: ClassVar[TokenizerName] = "byte"
    unit: ClassVar[Unit] = "byte"
    raw: ClassVar[bool] = True

    def __init__(self, documents: bool = False, utf8: bool = False) -> None:
        """`documents`: whether it has END, as token 256. `utf8`: its texts are UTF-8 alone."""
        super().__init__([*range(256), *[END] * documents])
        self.utf8 = utf8

    @property
    def single_bytes(self) -> NDArray[np.int64] | None:
        return super().single_bytes if self.utf8 else None

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:  # noqa: ARG003  (needs no text)
        return cls(settings.document_per is not None)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(read_flag(data, "documents"), read_flag(data, "utf8"))  # older files lack both

    def to_json(self) -> dict[str, Any]:
        noted = {"documents": self.end is not None, "utf8": self.utf8}
        return {name: True for name, is_so in noted.items() if is_so}

    def encode(self, text: str) -> Ids:
        documents = [text] if self.end is None else text.split(END)
        try:
            encoded = [document.encode("utf-8", "surrogateescape") for document in documents]
        except UnicodeEncodeError:
            raise self.unknown_error(text) from None
        joined = np.frombuffer(b"\0".join(encoded), np.uint8)
        ids: Ids = joined.astype(smallest_type(self.size), copy=False)
        if len(documents) > 1:
            ids[np.cumsum([len(document) + 1 for document in encoded[:-1]]) - 1] = 256
        return ids


def is_utf8(text: str) -> bool:
    """Whether the text has no bytes that are not UTF-8, which are lone surrogates in it."""
    try:
        text.replace(END, "").encode()
    except UnicodeEncodeError:
        return False
    return True
