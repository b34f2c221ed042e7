"""Vocabularies of every kind, to export models with."""

from charrnn.settings import TextSettings
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Characters
from tests.conftest import tale

FEW = Characters("".join(map(chr, range(97, 117))))
MANY = Characters("".join(map(chr, range(0x4E00, 0x4E00 + 300))))  # whose table is not folded
TEXT = tale(4000) + "“Ångström” — 東京 x²_1, ٣ 🙂\n"


def learn(kind, **given):
    return TOKENIZERS[kind].learn([TEXT], TextSettings(**given))


VOCABULARIES = {
    "char": learn("char"),
    "char and bytes": learn("char", min_count=5),
    "char, documents": learn("char", document_per="line"),
    "byte": Bytes(),
    "byte, UTF-8": Bytes(utf8=True),
    "byte, documents": Bytes(documents=True),
    "bpe": learn("bpe", tokenizer="bpe", vocab_size=360),
    "bpe, documents": learn("bpe", tokenizer="bpe", vocab_size=360, document_per="line"),
    "unigram": learn("unigram", tokenizer="unigram", vocab_size=360),
}
NUMBERS = TOKENIZERS["number"].learn(
    ["".join(f"{n * n % 97}\n" for n in range(97))], TextSettings(tokenizer="number")
)
