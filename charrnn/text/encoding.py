"""Encoding a text that comes in pieces, here or in several processes: always to the same ids."""

from collections.abc import Generator, Iterable, Iterator

from charrnn.text.tokenizers import Ids, Tokenizer

BLOCK = 1 << 18
"""Characters that a process encodes at a time, at least: sending them takes little beside that, and
Ctrl-C, which waits for two blocks a process, acts at once."""


def encode_pieces(
    tokenizer: Tokenizer, pieces: Iterable[str], jobs: int = 1
) -> Generator[Ids, None, None]:
    """The ids of a text that comes in pieces, wherever it is cut: those of the whole.

    With `jobs` above 1 so many processes encode, unless the ids are bytes. They end with the
    generator, so close it. Memory grows with the longest piece and with `jobs`, not with the text.
    TextError for a character without a token, CharRNNError if a process does not start or ends.
    """
    if jobs == 1 or tokenizer.raw:  # bytes would take longer to send than to encode
        yield from map(tokenizer.encode, blocks(tokenizer, pieces))
        return
    from charrnn.text.encoding_processes import encode_in_processes  # 40 ms to load

    yield from encode_in_processes(tokenizer, blocks(tokenizer, pieces, BLOCK), jobs)


def blocks(tokenizer: Tokenizer, pieces: Iterable[str], least: int = 0) -> Iterator[str]:
    """The text in blocks that encode independently, each made of at least so many characters.

    What stands behind the last cut of a block is held, to begin the next one.
    """
    begun: list[str] = []
    size = 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size >= least:
            text = "".join(begun)
            cut = tokenizer.cut(text)
            if cut:
                yield text[:cut]
            begun, size = ([text[cut:]], len(text) - cut) if cut < len(text) else ([], 0)
    if begun:
        yield "".join(begun)
