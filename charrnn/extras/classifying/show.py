"""Which run most likely wrote which text."""

from collections.abc import Iterable, Iterator

from charrnn.display.reports import Report
from charrnn.extras.classifying.verdicts import Accuracy, Verdict
from charrnn.tables import Cell, Figure, Table


def verdicts_report(verdicts: Iterable[Verdict]) -> Report:
    """Which run most likely wrote each text, a row each, as the verdicts come.

    The odds are those against the next best run, in bits; the probability is among all runs.
    """
    rows: Iterator[list[Cell]] = (
        [Figure(verdict.number), verdict.run, Figure(f"{verdict.log_odds:,.1f}"),
         Figure(f"{verdict.probabilities[verdict.run]:.4f}"), verdict.label or verdict.source,
         verdict.text]
        for verdict in verdicts
    )  # fmt: skip
    heads = ["number", "run", "odds, bits", "probability", "from", "text"]
    records = (verdict.record() for verdict in verdicts)
    return Report(records, [Table(heads, rows, widths=(6, 14, 10, 11, 14))])


def accuracy_report(accuracy: Accuracy) -> Report:
    """How many of the labelled texts were given to their run, and the confusion matrix."""
    title = f"accuracy {accuracy.accuracy:.1%} of {accuracy.texts:,} texts"
    rows: list[list[Cell]] = [[run, *counts.values()] for run, counts in accuracy.confusion.items()]
    table = Table(["label", *accuracy.confusion], rows, title)
    return Report([accuracy.record()], [Table(), table])  # an empty line is between it and the rows
