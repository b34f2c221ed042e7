"""sentencepiece learns subwords from a bounded sample of a text."""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from charrnn.settings import TokenizerName
from charrnn.text.tokenizers.subword_model import LONGEST, SPACE, SPECIAL, Scores

CHUNK, MOST_CHUNKS = 1 << 12, 1 << 10  # 4 million characters: half a minute if without spaces
# A subword never reaches over these: what sentencepiece reads otherwise, half characters, END.
_BORDERS = f"\n\0{SPACE}\u2585\ud800-\udfff"


def learn_subwords(text: Iterable[str], kind: TokenizerName, size: int, end: bool) -> Scores:
    """The subwords of a text for a vocabulary of `size` tokens, or fewer if it has not so many.

    `end`: one token is left for END.
    """
    import sentencepiece

    subwords = size - len(SPECIAL) - end
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_sentences(sample(text), subwords // 2)),
        model_writer=model,
        model_type=kind,
        vocab_size=size - end + 1,  # <unk>
        hard_vocab_limit=False,
        byte_fallback=True,
        user_defined_symbols=["\n"],
        unk_id=0,
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        character_coverage=1.0,
        max_sentence_length=CHUNK * 4,
        max_sentencepiece_length=LONGEST,
        num_threads=4,  # always as many, for the sums of unigram depend on it
        seed_sentencepiece_size=max(10_000, 16 * size),  # a million is slower, and no better
        minloglevel=3,
    )
    learned = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ids = list(range(1 + len(SPECIAL), learned.get_piece_size()))
    return dict(zip(learned.id_to_piece(ids), learned.get_score(ids), strict=True))


def sample(text: Iterable[str]) -> list[str]:
    """Chunks from all over a text that comes in pieces, however it is cut into pieces."""
    kept: list[str] = []
    every = 1
    for number, chunk in enumerate(_chunks(text)):
        if number % every == 0:
            kept.append(chunk)
        if len(kept) > MOST_CHUNKS:
            kept, every = kept[::2], every * 2
    return kept


def _chunks(text: Iterable[str]) -> Iterator[str]:
    """The text in chunks of the same number of characters, except for the last."""
    held = ""
    for piece in text:
        held += piece
        whole = len(held) - len(held) % CHUNK
        yield from (held[start : start + CHUNK] for start in range(0, whole, CHUNK))
        held = held[whole:]
    yield held


def _sentences(chunks: list[str], most_characters: int) -> list[str]:
    """The sample in parts that have at most so many different characters: the most frequent."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(chunk)
    for always in re.findall(f"[ {_BORDERS}]", "".join(counts)):
        del counts[always]
    by_frequency = sorted(counts, key=lambda character: (-counts[character], character))
    rare = re.escape("".join(by_frequency[most_characters:]))
    border = re.compile(f"[{_BORDERS}{rare}]+")
    parts = [part for chunk in chunks for part in border.split(chunk) if part]
    return [*parts, " "]  # else a text without spaces would give no token for them
