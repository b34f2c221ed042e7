"""One token is a byte of UTF-8."""

import codecs
import re
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.settings import TextSettings, TokenizerName
from charrnn.text.tokenizers.base import END, Decoder, Ids, smallest_type
from charrnn.text.tokenizers.byte_fallback import unknown_error

_HALVES = re.compile(
    "[\ud800-\udc7f\udd00-\udfff]"
)  # of surrogate pairs, that are no byte of PEP 383


class Bytes:
    """One token is a byte of UTF-8. The vocabulary of 256 encodes any text and any file."""

    kind: ClassVar[TokenizerName] = "byte"
    raw: ClassVar[bool] = True

    def __init__(self, documents: bool = False, utf8: bool = False) -> None:
        """`documents`: whether it has END, as token 256. `utf8`: its texts are UTF-8 alone."""
        self.utf8 = utf8
        self.size = 256 + documents
        self.end = 256 if documents else None

    @property
    def symbols(self) -> list[str]:
        return [f"<0x{byte:02X}>" for byte in range(256)] + [END] * (self.size - 256)

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        byte = np.arange(self.size)
        continues = (byte < 256) & (byte & 0xC0 == 0x80)  # the later bytes of a character
        return (~continues).astype(np.int64), np.ones(self.size, np.int64)

    @property
    def single_bytes(self) -> NDArray[np.int64] | None:
        if not self.utf8:
            return None
        byte = np.arange(self.size)
        return np.where(byte < 256, byte, -1)

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:  # noqa: ARG003  (needs no text)
        return cls(settings.document_per is not None)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        documents = data.get("documents", False)
        if not isinstance(documents, bool):
            raise ValueError("whether a byte tokenizer has documents must be true or false")
        utf8 = data.get("utf8", False)  # unknown of corpora that were made before it was noted
        if not isinstance(utf8, bool):
            raise ValueError(
                "whether the texts of a byte tokenizer are UTF-8 must be true or false"
            )
        return cls(documents, utf8)

    def to_json(self) -> dict[str, Any]:
        noted = {"documents": self.end is not None, "utf8": self.utf8}
        return {name: True for name, is_so in noted.items() if is_so}

    def unknown(self, text: str) -> str:
        halves = set(_HALVES.findall(text))
        return "".join(sorted(halves - {END} if self.end is not None else halves))

    def encode(self, text: str) -> Ids:
        if unknown := self.unknown(text):
            raise unknown_error(text, unknown)
        if self.end is None or END not in text:
            ids = np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8)
            return ids.astype(smallest_type(self.size), copy=False)
        documents = [part.encode("utf-8", "surrogateescape") for part in text.split(END)]
        ids = np.frombuffer(b"\0".join(documents), np.uint8).astype(np.uint16)
        ids[np.cumsum([len(part) + 1 for part in documents[:-1]]) - 1] = self.end
        return ids

    def cut(self, text: str) -> int:
        return len(text)

    def decoder(self) -> Decoder:
        utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")

        def decode(token: int) -> str:
            if token == self.end:
                return utf8.decode(b"", final=True) + END
            return utf8.decode(bytes((token,)))

        return decode


def is_utf8(text: str) -> bool:
    """Whether the text has no bytes that are not UTF-8, which are lone surrogates in it."""
    try:
        text.replace(END, "").encode()
    except UnicodeEncodeError:
        return False
    return True
