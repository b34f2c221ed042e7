"""A page about a model in Markdown. What files say is shown as code, never as markup."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from charrnn import __version__
from charrnn.display.listings import effective_settings
from charrnn.display.stdout import escaped, on_one_line
from charrnn.display.wording import PREDICTED, figure
from charrnn.errors import plural
from charrnn.models.text_model import TextModel
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.housekeeping import overview
from charrnn.storage.metrics import read_events
from charrnn.storage.runs import MODEL
from charrnn.tasks import task_of
from charrnn.text.corpus_files import find_corpus

_WRITTEN, _SHOWN = 400, 2000  # characters of a sample, and of predictions
_NAMED = 30  # targets
_LIMITS = (
    "The model knows the data that it was trained on, and nothing else.\n"
    "What it writes or predicts may be wrong, and may repeat parts of that data."
)


def model_card(checkpoint: Checkpoint, folder: Path, licence: str) -> str:
    """The page about the model of a run in its folder. Its scores are those of the training."""
    unit = task_of(checkpoint.model, checkpoint).unit
    does = f"predicts {PREDICTED[unit]} what it reads" if unit in PREDICTED else "continues texts"
    if checkpoint.tokenizer.whole:
        does = "continues series of numbers"
    facts = {"licence": _code(licence)} | _facts(checkpoint, folder)
    rows = "\n".join(f"| {name} | {shown} |" for name, shown in facts.items())
    use = f"With `charrnn-toolkit`, a package for Python:\n\n{_block(_use(checkpoint), 'sh')}"
    sections = [
        f"# {_code(checkpoint.run)}",
        f"A recurrent network that {does}, for charrnn {__version__} and newer.",
        f"| | |\n|---|---|\n{rows}",
        *_examples(checkpoint, list(read_events(folder))),
        f"## How to use it\n\n{use}",
        f"## Limits\n\n{_LIMITS}",
        *_settings(checkpoint),
    ]
    return "\n\n".join(sections) + "\n"


def _facts(checkpoint: Checkpoint, folder: Path) -> dict[str, str]:
    """What is known of the model, by the heads of rows."""
    model, trained = checkpoint.model, overview(folder)
    facts = {"network": f"{model.cell} {model.size}, {plural(checkpoint.parameters, 'parameter')}"}
    targets = checkpoint.target_vocabulary
    if targets:
        more = f" and {len(targets) - _NAMED:,} more" if len(targets) > _NAMED else ""
        facts["predicts"] = ", ".join(map(_code, targets[:_NAMED])) + more
    facts["trained on"] = _sources(checkpoint) or "data elsewhere: it was imported"
    if checkpoint.base:
        facts["fine-tuned from"] = _code(checkpoint.base)
    if trained.kept and trained.kept.step == checkpoint.step:
        about = trained.kept.record() | {"steps": trained.steps}
        facts["score"] = _code(figure(trained.kept.scores, trained.unit, about))
    elif checkpoint.loss is not None:
        facts["validation loss"] = f"{checkpoint.loss:.4f} nats"
    return facts


def _sources(checkpoint: Checkpoint) -> str:
    """The files that it learned from, and how much that is."""
    if not checkpoint.corpus:
        return ""
    corpus = find_corpus(checkpoint.corpus_key)
    if corpus is None:
        return _code(checkpoint.corpus)
    text = checkpoint.text
    held_out = sum(1 for file in (text.valid, text.test) if file)  # those are its last
    names = [_code(Path(name).name) for name in corpus.sources[: len(corpus.sources) - held_out]]
    task = task_of(checkpoint.model, corpus.with_split(text.split))
    return f"{', '.join(names)}: {plural(*task.counted)}"


def _examples(checkpoint: Checkpoint, events: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a language model writes, or what another one predicted at the end of its training."""
    if checkpoint.tokenizer.whole:
        return []
    if checkpoint.is_language_model:
        model, count = TextModel(checkpoint), 5 if checkpoint.text.document_per == "line" else 1
        return [
            f"## What it writes at a temperature of {temp:g}\n\n"
            + _block("\n".join(model.samples(count, length=_WRITTEN, temp=temp, seed=1)))
            for temp in (0.5, 1.0)
        ]
    shown = [
        str(event.get("text", ""))
        for event in events
        if event.get("event") == "sampled" and event.get("step") == checkpoint.step
    ]
    if not shown:
        return []
    return [f"## What it predicts of the first validation examples\n\n{_block(shown[-1][:_SHOWN])}"]


def _use(checkpoint: Checkpoint) -> str:
    """Commands for the model's file."""
    if checkpoint.tokenizer.whole:
        return f"charrnn forecast {MODEL} FILE --horizon 24"
    if not checkpoint.is_language_model:
        return f"charrnn predict {MODEL} FILE\ncharrnn eval {MODEL} FILE"
    return f"charrnn sample {MODEL} --temp 0.8\ncharrnn eval {MODEL} FILE"


def _settings(checkpoint: Checkpoint) -> list[str]:
    """How it was trained, unless that was elsewhere. No paths of the machine."""
    if not checkpoint.corpus:
        return []
    lines = [
        f"{name}: {value}"
        for group in effective_settings(checkpoint.record()).values()
        for name, value in group.items()
        if name not in ("valid", "test", "keep", "device")
    ]
    return ["## Settings\n\n" + _block("\n".join(lines))]


def _code(text: str) -> str:
    """In a line, behind more backticks than it has in a row; a bar would end a table's cell."""
    text = on_one_line(text).replace("|", "\\|")
    fence = "`" * (_backticks(text) + 1)
    space = " " * text.startswith("`") + " " * text.endswith("`")
    return f"{fence}{space[:1]}{text}{space[:1]}{fence}"


def _block(text: str, language: str = "") -> str:
    fence = "`" * max(3, _backticks(text) + 1)
    return f"{fence}{language}\n{escaped(text)}\n{fence}"


def _backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
