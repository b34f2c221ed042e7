"""Reports of runs and corpora, and of scores."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from charrnn.display.charts import chart_of_run
from charrnn.display.reports import Report
from charrnn.display.wording import figure, grouped, score_name, scored, where
from charrnn.errors import plural
from charrnn.events import Curves, Measured, Unit
from charrnn.settings import without_effect
from charrnn.tables import Cell, Figure, Styled, Table

if TYPE_CHECKING:
    from charrnn.storage.housekeeping import Overview
    from charrnn.tasks.base import ExampleScore
    from charrnn.text.catalog import Entry
    from charrnn.text.corpus_files import CorpusSummary


def runs_report(runs: "Sequence[Overview]") -> Report:
    """The runs, the one trained last at the end."""
    heads = ["run", "corpus", "network", "parameters", "step", "score", "size", "age", "state"]
    optional = ["parameters", "size", "corpus", "age"]
    table = Table(heads, list(map(_run, runs)), optional=optional, wraps=heads.index("score"))
    none = Table(notes=["No runs here yet. Begin with: charrnn train shakespeare"])
    return Report([run.record() for run in runs], [table if runs else none])


def _run(run: "Overview") -> list[Cell]:
    """A row: at which of its steps the run was best, and how good it was."""
    step = None if run.steps is None else Figure(f"{run.steps:,}")
    score = ""
    if run.kept and run.steps is not None:
        step = Figure(f"{run.kept.step:,} of {run.steps:,}")
        main, _, _ = scored(run.kept.scores, run.unit).partition(", ")
        score = f"{main}{where(vars(run.kept))}"
    size, since = f"{run.bytes_on_disk / 1e6:,.1f} MB", age(time.time() - run.changed)
    return [Styled(run.run, "bold"), run.corpus, run.network, run.parameters, step, score,
            Figure(size), Figure(since), run.state]  # fmt: skip


def run_report(about: Mapping[str, Any], curves: Curves, kept: Measured | None = None) -> Report:
    """A run: its settings, the sizes of its weights, the score of its best model and its curves."""
    model, step, corpus = about["model"], about["step"], about["corpus"]
    settings = effective_settings(about)
    tokens = f"vocabulary of {about['vocabulary_size']:,}"
    parts = [
        f"{model['cell']} {model['layers']}x{model['hidden_size']}",
        plural(about["parameters"], "parameter"),
        f"after {plural(step, 'step')} on {corpus}" if corpus else "imported",
        *([tokens] if any("tokenizer" in group for group in settings.values()) else []),
    ]
    if about.get("base"):
        parts.insert(3, f"fine-tuned from {about['base']}")
    unknown = dict.fromkeys(("part", "protocol", f"bits_per_{curves.unit}"))
    about, score = {"unit": curves.unit, **unknown, **about}, []
    if kept and kept.step == step:
        about |= kept.record()
        score = [figure(kept.scores, curves.unit, about)]
    groups: dict[str, Mapping[str, Any]] = {**settings}
    groups["weights"] = {name: "x".join(map(str, size)) for name, size in about["weights"].items()}
    rows: list[list[Cell]] = [
        [Styled(title, "dim"), "  ".join(f"{name} {value}" for name, value in group.items())]
        for title, group in groups.items()
    ]
    drawn = len(curves.training) > 1
    charts = [chart_of_run(about["run"], corpus, curves, "time")] if drawn else []
    title = f"{about['run']}: {', '.join(parts)}"
    table = Table(rows=rows, title=title, notes=score, wraps=1)
    return Report([about | curves.record()], [table], charts)


def effective_settings(about: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of a run as JSON: the settings of `model`, `train` and `text` that have an effect."""
    useless = without_effect(about["model"] | about["train"] | about["text"])
    return {
        title: {n: v for n, v in about[title].items() if v is not None and n not in useless}
        for title in ("model", *(["train"] if about["corpus"] else []), "text")
    }


def corpora_report(corpora: "Sequence[CorpusSummary]", catalog: "Mapping[str, Entry]") -> Report:
    """The prepared corpora, then the names of the catalog."""
    rows: list[list[Cell]] = [
        [Styled(c.name, "bold"), c.tokens, c.vocabulary_size, c.tokenizer, ", ".join(c.sources)]
        for c in corpora
    ]
    heads = ["corpus", "tokens", "vocabulary", "tokenizer", "made from"]
    table = Table(heads, rows, optional=["tokenizer", "made from"])
    none = Table(notes=["No prepared corpora here yet."])
    named = Table(
        ["name", "entropy", "MB", "text"], [*map(_entry, catalog, catalog.values())],
        notes=["Texts that are downloaded or made here when you name them: charrnn train python"],
        optional=["MB", "entropy"], wraps=3,
    )  # fmt: skip
    return Report(_corpora_records(corpora, catalog), [table if rows else none, named])


def _entry(name: str, entry: "Entry") -> list[str | None]:
    licence = f", {entry.licence}" if entry.licence != "none" else ""
    return [
        name,
        Figure(f"{entry.entropy:.4f}") if entry.entropy else None,
        None if entry.megabytes is None else Figure(f"{entry.megabytes:g}"),
        f"{entry.about} ({entry.source}{licence})",
    ]


def _corpora_records(
    corpora: "Sequence[CorpusSummary]", catalog: "Mapping[str, Entry]"
) -> Iterator[dict[str, Any]]:
    for corpus in corpora:
        values = asdict(corpus)
        yield {"kind": "prepared", "corpus": values.pop("name"), **values}
    for name, entry in catalog.items():
        yield {
            "kind": "catalog", "corpus": name, "about": entry.about,
            "megabytes": entry.megabytes, "licence": entry.licence, "source": entry.source,
            "true_bits_per_character": entry.entropy,
        }  # fmt: skip


def age(seconds: float) -> str:
    """7300 -> '2 h'."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def score_report(scores: Mapping[str, Any], *, every: bool = False) -> Report:
    """The score of a text and what it stands beside, then its figures, a line each.

    `every`: a table of all baselines follows.
    """
    baselines = scores["baselines"]
    rows: list[list[Cell]] = [
        [Styled(name.replace("_", " "), "dim"),
         Styled(_as_words(value), "bold" if name.startswith("bits") else "")]
        for name, value in scores.items() if name != "baselines"
    ]  # fmt: skip
    unit: Unit = scores["unit"]
    bits = {f"bits_per_{unit}": scores[f"bits_per_{unit}"]}
    tables = [Table(rows=rows, title=figure(bits, unit, scores), wraps=None)]
    if every:
        figures = [name for name in next(iter(baselines.values())) if name.startswith("bits_per_")]
        compared: list[list[Cell]] = [
            [score_name(title), *(Figure(f"{row[name]:.4f}") for name in figures)]
            for title, row in {"this model": scores, **baselines}.items()
        ]
        tables.append(Table(["", *(name.replace("_", " ") for name in figures)], compared))
    return Report([scores], tables)


def _as_words(value: Any) -> str:
    if isinstance(value, float):
        return grouped(value, 4)
    return f"{value:,}" if isinstance(value, int) else str(value)


def examples_report(score: "ExampleScore", about: Mapping[str, Any]) -> Report:
    """The scores of predictions for examples. `about`: the run and its text."""
    scores = {"loss": score.loss, **score.scores}
    title = Table(title=figure(score.scores, about["unit"], about))
    return Report([{**about, **scores, **score.details()}], [title, *score.tables()])
