"""The corpus of a run in several processes: one for all, on every machine."""

from collections.abc import Callable

from charrnn.engine.ranks import Ranks
from charrnn.errors import TextError
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import find_corpus


def shared_corpus(ranks: Ranks, resolve: Callable[[], Corpus], name: str) -> Corpus:
    """The corpus that the first rank resolves, on all ranks; `name` stands in messages.

    Where a rank's machine does not have it, it is resolved there, too.
    """
    mine: Corpus | None = None

    def resolved() -> tuple[str, str]:
        nonlocal mine
        mine = resolve()
        return mine.key, mine.text.split

    key, split = ranks.broadcast(resolved)
    corpus = mine or find_corpus(key) or resolve()
    ranks.wait_for_all()  # another machine may have to prepare it
    if corpus.key != key:
        raise TextError(
            f"{name} differs between the machines of this run",
            "Copy it to all of them, or point CHARRNN_HOME at a folder that all of them see.",
        )
    return corpus.with_split(split)
