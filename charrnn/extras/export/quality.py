"""What rounding costs: the score of a model and of what is left of it, on the validation part."""

from typing import Any

from charrnn.display.wording import figure, where
from charrnn.errors import DivergedError, TextError
from charrnn.extras.export.rounding import DtypeName, rounded_network, rounded_weights
from charrnn.inference.score import score
from charrnn.models.predictor import Predictor, part_examples
from charrnn.network.language_model import LanguageModel
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.storage.scores import recall_score

_SCORED, _EXAMPLES = 20_000, 200
"""Tokens, or examples, of the validation part that are scored: a second or two."""


def quality_of(checkpoint: Checkpoint, dtype: DtypeName, *, as_table: bool) -> dict[str, Any]:
    """Scores of the model and of what is left of it, and where; or why not.

    `as_table`: see `rounded_network`.
    """
    try:
        if not checkpoint.is_language_model:
            return _of_examples(checkpoint, dtype)
        exact = LanguageModel(checkpoint.model, checkpoint.weights)
        rounded = rounded_network(exact, dtype, as_table=as_table)
        valid = corpus_of(checkpoint, "export it without a score").part("valid")
        tokens = valid[:_SCORED]
        before = recall_score(checkpoint, tokens) or score(exact, tokens, checkpoint.tokenizer)
        after = score(rounded, tokens, checkpoint.tokenizer)
    except (TextError, DivergedError) as error:
        return {"not_scored": str(error)}
    protocol = "stream" if len(valid) <= _SCORED else f"stream, first {_SCORED:,} tokens"
    name = "bits_per_number" if checkpoint.tokenizer.whole else "bits_per_character"
    return {
        "step": checkpoint.step, "part": "valid", "protocol": protocol,
        f"exact_{name}": before.bits_per_character, name: after.bits_per_character,
    }  # fmt: skip


def _of_examples(checkpoint: Checkpoint, dtype: DtypeName) -> dict[str, Any]:
    """The first figure of a task's score on the first examples, and how many these are."""
    model = Predictor(checkpoint)
    examples, part = part_examples(model, "valid")
    items, targets = examples.items[:_EXAMPLES], examples.targets[:_EXAMPLES]
    scores = [
        model.task.score(weights, items, targets, names=examples.names).scores
        for weights in (checkpoint.weights, rounded_weights(checkpoint.weights, dtype))
    ]
    name = next(iter(scores[0]))
    return {
        "step": checkpoint.step, "part": part, "protocol": f"{len(items):,} examples",
        "score": name, f"exact_{name}": scores[0][name], name: scores[1][name],
    }  # fmt: skip


def on_page(quality: dict[str, Any]) -> str | None:
    """What a page says of its quality; None where a page's text was not scored."""
    if "score" in quality:
        return f"{_percent(quality, quality['score'])}{where(quality)}"
    name = "bits_per_character"
    return figure({name: quality[name]}, "character", quality) if name in quality else None


def in_words(quality: dict[str, Any]) -> str:
    """What the command says of it."""
    if "not_scored" in quality:
        return f"Its quality was not measured: {quality['not_scored']}."
    of_text = "bits_per_number" if "bits_per_number" in quality else "bits_per_character"
    name = quality.get("score", of_text)
    before, after = quality[f"exact_{name}"], quality[name]
    change = round(after - before, 4) + 0.0  # no minus before a zero
    if "score" in quality:
        by = f"{100 * change:+.2f} points"
        return f"{_percent(quality, name)}{where(quality)}, {by} by rounding."
    unit = name.replace("_", " ")
    return f"{after:.4f} {unit}{where(quality)}, {change:+.4f} by rounding."


def _percent(quality: dict[str, Any], name: str) -> str:
    return f"{name.replace('_', ' ')} {quality[name]:.2%}"
