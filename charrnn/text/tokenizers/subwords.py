"""One token is a subword: BPE (Sennrich et al., arXiv 1508.07909) or unigram (Kudo, 1804.10959).

sentencepiece learns the subwords and encodes with them. No subword reaches over the end of a line,
or from a word into the spaces behind it. So a text is cut there into *segments*, which are encoded
one by one: with a cache of words, independent of how the text is read, and without what
sentencepiece would lose.
"""

import base64
import re
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from charrnn.settings import TextSettings, TokenizerName
from charrnn.text.tokenizers.base import END, Ids, Tokenizer, read_flag, smallest_type
from charrnn.text.tokenizers.subword_model import SPACE, learn_subwords, read_model, write_model

_ALONE = f"\n{SPACE}{END}"  # SPACE would come back as a space, so it is written as bytes
# A word and the signs behind it are two segments: sentencepiece does not join them either.
_SEGMENT = re.compile(
    rf" {{0,256}}+\w{{1,256}}+|[{_ALONE}]| {{0,256}}+[^\w {_ALONE}]{{1,256}}+| {{1,256}}+"
)
_MOST_WORDS, _LONGEST_WORD = 1 << 17, 32  # in the cache, which takes some 20 MB then


class _Words(dict[str, bytes]):
    """The ids of segments as bytes: those that came lately, others by sentencepiece."""

    def __init__(self, model: bytes, dtype: type[np.unsignedinteger[Any]], end: int | None) -> None:
        self._model, self._dtype = model, dtype
        self._alone = {"\n": [0], SPACE: [1 + byte for byte in SPACE.encode()]}
        if end is not None:
            self._alone[END] = [end]
        self._processor: Any = None

    def __missing__(self, segment: str) -> bytes:
        ids = self._alone.get(segment) or self._encode(segment)
        encoded = np.array(ids, self._dtype).tobytes()
        if len(segment) <= _LONGEST_WORD:
            if len(self) >= _MOST_WORDS:
                self.clear()
            self[segment] = encoded
        return encoded

    def _encode(self, segment: str) -> list[int]:
        """Raises UnicodeEncodeError for half a surrogate pair."""
        if self._processor is None:  # sampling without a prompt need not load it
            import sentencepiece

            self._processor = sentencepiece.SentencePieceProcessor(model_proto=self._model)
        return [number - 1 for number in self._processor.encode_as_ids(segment.encode())]


class Subwords(Tokenizer):
    """The newline, all 256 bytes, then subwords. It encodes any Unicode text exactly."""

    def __init__(self, model: bytes, documents: bool) -> None:
        """`documents`: whether it has END, as its last token.

        Raises ValueError if the model is not one of `write_model`.
        """
        subwords = [piece.replace(SPACE, " ") for piece in read_model(self.kind, model)]
        super().__init__(["\n", *range(256), *subwords, *[END] * documents])
        self.model = model
        self._words = _Words(model, smallest_type(self.size), self.end)

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:
        documents = settings.document_per is not None
        subwords = learn_subwords(text, cls.kind, settings.vocab_size, documents)
        return cls(write_model(cls.kind, subwords), documents)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        model = data.get("model")
        if not isinstance(model, str):
            raise ValueError("a tokenizer of subwords must have a model in base64")
        return cls(base64.b64decode(model, validate=True), read_flag(data, "documents"))

    def to_json(self) -> dict[str, Any]:
        documents = {} if self.end is None else {"documents": True}
        return {"model": base64.b64encode(self.model).decode(), **documents}

    def encode(self, text: str) -> Ids:
        try:
            ids = b"".join(map(self._words.__getitem__, _SEGMENT.findall(text)))
        except UnicodeEncodeError:
            raise self.unknown_error(text) from None
        return np.frombuffer(ids, smallest_type(self.size))

    def cut(self, text: str) -> int:
        """Behind the last line or document that ends in it, else before its last segment."""
        if line := max(text.rfind("\n"), text.rfind(END)) + 1:
            return line
        last = len(text[: text.rfind(" ") + 1].rstrip(" "))  # a segment begins there, or the text
        for segment in _SEGMENT.finditer(text, last):
            last = segment.start()
        return last


class BPE(Subwords):
    """Subwords of byte-pair encoding: the most frequent pair is joined, again and again."""

    kind: ClassVar[TokenizerName] = "bpe"


class Unigram(Subwords):
    """Subwords of a unigram language model: the segmentation of the highest probability."""

    kind: ClassVar[TokenizerName] = "unigram"
