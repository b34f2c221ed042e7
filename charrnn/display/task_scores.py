"""How well examples are predicted, on stdout: the scores, and what a task has beside them."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.label_scores import print_label_score
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.display.wording import plural
from charrnn.tasks.outputs.label_scores import LabelScore
from charrnn.tasks.outputs.multi_label_scores import MultiLabelScore
from charrnn.tasks.outputs.sequence_scores import RewriteScore
from charrnn.tasks.outputs.tag_scores import TagScore
from charrnn.text.tokenizers import valid_unicode

if TYPE_CHECKING:
    from charrnn.inference.task_model import TaskScore


def show_task_score(
    score: "TaskScore", labels: Sequence[str], about: Mapping[str, Any], as_json: bool
) -> None:
    """Print the scores of `eval` for a task with examples. `about`: what was scored, by what."""
    with stop_at_closed_pipe():
        if as_json:
            found = {"loss": score.loss, **score.scores}
            known = {name: x if math.isfinite(x) else None for name, x in found.items()}
            print(json.dumps({**about, **known, **score.details(labels)}), flush=True)
            return
        out = output_console()
        if isinstance(score, LabelScore):
            print_label_score(out, score, [valid_unicode(label) for label in labels])
        elif isinstance(score, MultiLabelScore):
            _print_multi_label_score(out, score, labels)
        elif isinstance(score, TagScore):
            _print_tag_score(out, score)
        elif isinstance(score, RewriteScore):
            _print_rewrite_score(out, score)


def _print_multi_label_score(out: Console, score: MultiLabelScore, labels: Sequence[str]) -> None:
    exact = f"{score.exact:,} of {plural(score.examples, 'text')} have exactly their labels"
    out.print(Text(f"micro F1 {score.micro_f1:.3f}, macro F1 {score.macro_f1:.3f}", "bold"))
    out.print(Text(f"{exact}: accuracy {score.accuracy:.1%}{_bits(score, 'label')}", "dim"))
    out.print()
    precision = score.both / score.predicted.clip(1)
    figures = {"precision": precision, "recall": score.both / score.true.clip(1), "F1": score.f1}
    columns = [
        Column("label", [escaped(valid_unicode(label)) for label in labels], left=True, wraps=True),
        Column("texts", [f"{count:,}" for count in score.true]),
        *(Column(name, [f"{value:.3f}" for value in values]) for name, values in figures.items()),
    ]
    out.print(fitted(columns, out.width))


def _print_tag_score(out: Console, score: TagScore) -> None:
    about = f"{score.tokens:,} tokens right: accuracy {score.accuracy:.1%}"
    out.print(Text(f"span F1 {score.span_f1:.3f} of {score.true.total():,} spans", "bold"))
    out.print(Text(f"{score.right:,} of {about}{_bits(score, 'tag')}", "dim"))
    kinds = [kind for kind, _ in score.true.most_common()]
    kinds += sorted(score.predicted.keys() - score.true.keys())
    if not kinds:
        return
    found = [score.of_kind(kind) for kind in kinds]
    names = {"precision": "precision", "recall": "recall", "f1": "F1"}
    out.print()
    columns = [
        Column("span", [escaped(valid_unicode(kind)) for kind in kinds], left=True, wraps=True),
        Column("there", [f"{one['spans']:,.0f}" for one in found]),
        *(Column(title, [f"{one[name]:.3f}" for one in found]) for name, title in names.items()),
    ]
    out.print(fitted(columns, out.width))


def _print_rewrite_score(out: Console, score: RewriteScore) -> None:
    out.print(Text(f"exact match {score.exact_match:.1%} of {plural(score.texts, 'text')}", "bold"))
    counts = f"{score.errors:,} of {score.symbols:,}"
    errors = f"{score.unit} error rate {score.error_rate:.2%} ({counts})"
    out.print(Text(f"{errors}{_bits(score, 'symbol')}", "dim"))


def _bits(score: "TaskScore", unit: str) -> str:
    """The loss in bits, unless nothing had one."""
    bits = score.scores[f"bits_per_{unit}"]
    return f", {bits:.3f} bits per {unit}" if math.isfinite(bits) else ""
