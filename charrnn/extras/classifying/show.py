"""Which run most likely wrote which text, on stdout."""

from collections.abc import Iterable

from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.listings import print_records
from charrnn.display.scores import on_one_line, print_rows
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.extras.classifying.verdicts import Accuracy, Verdict


def show_verdicts(verdicts: Iterable[Verdict], as_json: bool) -> None:
    """Print which run most likely wrote each text, as the verdicts come."""
    if as_json:
        print_records(verdict.record() for verdict in verdicts)
        return
    head = _verdict_row("number", "run", "odds, bits", "probability", "from")
    print_rows(head, ((_verdict_figures(verdict), verdict.text) for verdict in verdicts))


def _verdict_figures(verdict: Verdict) -> str:
    probability = verdict.probabilities[verdict.run]
    origin = verdict.label or verdict.source
    return _verdict_row(
        str(verdict.number), escaped(verdict.run), f"{verdict.log_odds:,.1f}",
        f"{probability:.4f}", on_one_line(origin),
    )  # fmt: skip


def _verdict_row(number: str, run: str, log_odds: str, probability: str, origin: str) -> str:
    return f"{number:>6}  {run:<14}  {log_odds:>10}  {probability:>11}  {origin:<14}"


def show_accuracy(accuracy: Accuracy, as_json: bool) -> None:
    """Print how many of the labelled texts were given to their run, and which others to whom."""
    if as_json:
        print_records([accuracy.record()])
        return
    with stop_at_closed_pipe():
        out = output_console()
        out.print()
        out.print(Text(f"accuracy {accuracy.accuracy:.1%} of {accuracy.texts:,} texts", "bold"))
        labels = [escaped(label) for label in accuracy.confusion]
        columns = [
            Column(escaped(run), [f"{row[run]:,}" for row in accuracy.confusion.values()])
            for run in accuracy.confusion
        ]
        out.print(fitted([Column("label", labels, left=True), *columns], out.width))
