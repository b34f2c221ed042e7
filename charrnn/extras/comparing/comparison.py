"""Runs beside one another: their scores, sizes and curves.

Runs that differ in their seed alone are grouped.
"""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from charrnn.errors import CharRNNError
from charrnn.evaluation.scoring import score_checkpoint
from charrnn.events import Curves, Emit, Scores
from charrnn.models.predictor import Predictor
from charrnn.settings import PartName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import corpus_of, find, load_run, run_folders
from charrnn.storage.scores import digest, digest_of_model, recall, remember
from charrnn.tables import plural
from charrnn.tasks import task_of
from charrnn.text.corpus import Corpus, part_to_score


@dataclass(frozen=True)
class Compared:
    """A run and its scores on a part of its corpus, the task's own first.

    `step` is that of the model that was kept. None where nothing was recorded.
    """

    run: str
    cell: str
    network: str
    parameters: int
    seed: int
    tokens_per_second: float | None
    step: int
    steps: int | None
    seconds: float | None
    corpus: str
    part: PartName
    protocol: str
    scores: Scores
    curves: Curves
    text: str
    """What was divided into parts, as tables name it."""
    identity: tuple[str, ...]
    """What tells it from others of its name: digests, and the split."""

    @property
    def rank(self) -> float:
        """The task's own score, its sign changed where more is better: the best has the lowest."""
        name, score = next(iter(self.scores.items()))
        return score if name.startswith("bits_per_") or name.endswith("error_rate") else -score

    def record(self) -> dict[str, Any]:
        """As JSON has it, the scores by name and the curves included."""
        apart = ("scores", "curves", "text", "identity")
        values = {n: value for n, value in vars(self).items() if n not in apart}
        return {"kind": "run"} | values | dict(self.scores) | self.curves.record()


class Group(NamedTuple):
    """Runs that differ in their seed alone, or one run. `name` is what their names share."""

    name: str
    runs: Sequence[Compared]

    @property
    def title(self) -> str:
        """'tale-lstm (3 seeds)', or the name of a run alone."""
        differ = len({run.seed for run in self.runs}) == len(self.runs)
        counted = plural(len(self.runs), "seed" if differ else "run")
        return f"{self.name} ({counted})" if len(self.runs) > 1 else self.name

    @property
    def part(self) -> str:
        """'test part of tale (stream)'."""
        first = self.runs[0]
        protocol = f" ({first.protocol})" if first.protocol else ""
        return f"{first.part} part of {first.text}{protocol}"

    @property
    def is_text(self) -> bool:
        """Whether the runs are language models."""
        return "bits_per_character" in self.runs[0].scores

    def mean(self, name: str) -> float | None:
        """The mean of a figure over the runs; None if it is not known of one of them."""
        values = [getattr(run, name) for run in self.runs]
        return None if None in values else statistics.fmean(values)


def compare_runs(
    names: Sequence[str], part: PartName | None, emit: Emit
) -> tuple[list[Group], dict[str, CharRNNError]]:
    """The runs of those names, or all: the best of each corpus first; and why others are left out.

    CharRNNError if none can be scored.
    """
    scored: list[tuple[Checkpoint, Compared]] = []
    left_out: dict[str, CharRNNError] = {}
    for name in dict.fromkeys(names or [folder.name for folder in run_folders()]):
        try:
            checkpoint = load_run(name, emit)
            scored.append((checkpoint, _compare(name, checkpoint, part, emit)))
        except CharRNNError as error:
            left_out[name] = error
    if not scored:
        find(None)  # explains, if nothing has been trained here
        raise next(iter(left_out.values()))
    groups: dict[Any, list[Compared]] = {}
    named_texts = _texts_named([compared for _, compared in scored])
    for (checkpoint, _), compared in zip(scored, named_texts, strict=True):
        groups.setdefault((_but_seed(checkpoint), compared.part), []).append(compared)
    named = [Group(_common_name(runs), runs) for runs in groups.values()]
    named.sort(key=lambda g: (g.runs[0].text, g.runs[0].part, g.mean("rank")))
    return told_apart(named), left_out


def _texts_named(runs: Sequence[Compared]) -> list[Compared]:
    """The runs; a text that shares its name with another, or is split otherwise, keeps its digest.

    Two files input.txt are two texts. One of two tokenizers is one text.
    """
    first = {run.identity: run for run in reversed(runs)}
    times = Counter(run.corpus for run in first.values())
    return [
        replace(run, text=run.corpus if times[run.corpus] == 1 else first[run.identity].text)
        for run in runs
    ]


def told_apart(groups: Sequence[Group]) -> list[Group]:
    """The groups; one whose name another has, too, is named after its first run."""
    names = [group.name for group in groups]
    return [
        group if names.count(group.name) == 1 else group._replace(name=group.runs[0].run)
        for group in groups
    ]


def _but_seed(checkpoint: Checkpoint) -> tuple[Any, ...]:
    """What runs of one group have in common."""
    train = replace(checkpoint.train, seed=0, save_every=None, keep=1)
    return checkpoint.model, train, checkpoint.text, checkpoint.corpus_key


def _common_name(runs: Sequence[Compared]) -> str:
    """tale-lstm-s1, tale-lstm-s2 -> tale-lstm; otherwise the first name."""
    names = {re.sub(r"-s\d+$", "", run.run) for run in runs}
    return names.pop() if len(names) == 1 and len(runs) > 1 else runs[0].run


def _compare(name: str, checkpoint: Checkpoint, part: PartName | None, emit: Emit) -> Compared:
    corpus = corpus_of(checkpoint, "leave the run out")
    chosen = part_to_score(corpus, part)
    scores = _scores(checkpoint, corpus, chosen, emit)
    curves = read_curves(find(name).parent)
    rates = [point.rate for point in curves.training if point.rate]
    last = max([*curves.training, *curves.validation], default=None, key=lambda point: point.step)
    return Compared(
        run=name,
        cell=checkpoint.model.cell,
        network=f"{checkpoint.model.cell} {checkpoint.model.size}",
        parameters=checkpoint.parameters,
        seed=checkpoint.train.seed,
        tokens_per_second=statistics.median(rates) if rates else None,
        step=checkpoint.step,
        steps=last.step if last else None,
        seconds=last.seconds if last else None,
        corpus=checkpoint.corpus,
        part=chosen,
        protocol=task_of(checkpoint.model, checkpoint).protocol,
        scores=scores,
        curves=curves,
        text=f"{corpus.folder.name}, {corpus.text.split}",
        identity=(checkpoint.corpus, *corpus.digests, corpus.text.split),
    )


def _scores(checkpoint: Checkpoint, corpus: Corpus, part: PartName, emit: Emit) -> Scores:
    """The scores on a part."""
    if checkpoint.is_language_model:
        return score_checkpoint(checkpoint, corpus.part(part), emit).scores
    key = digest("examples", digest_of_model(checkpoint), corpus.key, checkpoint.text.split, part)
    scores = recall(key)
    if scores is None:
        scores = dict(Predictor(checkpoint).score_part(part)[0].scores)
        remember(key, scores)
    return scores
