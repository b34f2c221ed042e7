"""charrnn corpora show: a corpus in figures."""

from typing import Annotated

import typer

from charrnn.cli.completion import corpus_or_file
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet

Name = Annotated[str, typer.Argument(help="name of a corpus", autocompletion=corpus_or_file)]


def show(name: Name, quiet: Quiet = False, json: Json = False) -> None:
    """Show a corpus in figures: sizes, vocabulary, entropy, and what compressors make of it.

    A text that is not prepared yet is prepared as `train` would by default.
    """
    from charrnn.extras.statistics.show import statistics_report
    from charrnn.extras.statistics.statistics import statistics
    from charrnn.settings import TextSettings
    from charrnn.text.catalog import prepared
    from charrnn.text.corpus_files import open_corpus
    from charrnn.text.resolving import resolve

    with frame(quiet=quiet, json=json) as command:
        if folder := prepared(name):
            corpus = open_corpus(folder)
        else:
            corpus = resolve(name, TextSettings(), command.emit)
        figures = statistics(corpus, command.emit)
        command.show(statistics_report(figures, corpus.name))
