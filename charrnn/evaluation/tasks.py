"""The score of any task on its validation part, in torch."""

from collections.abc import Iterator

import torch

from charrnn.engine.devices import autocast, to_device
from charrnn.engine.module import AnyModule
from charrnn.engine.ranks import Ranks
from charrnn.evaluation.loss import evaluate
from charrnn.tasks.base import Score, Task
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.examples import Indices
from charrnn.tasks.language_model import LanguageModelTask
from charrnn.tasks.outputs.base import Evaluated

_EXAMPLES = 256  # at once


def score_task(
    task: Task, module: AnyModule, most_tokens: int, *, bf16: bool, ranks: Ranks
) -> Score | None:
    """The score on the first tokens of the validation part, the same on all ranks; None without."""
    if not task.validation_tokens(most_tokens):
        return None
    if isinstance(task, ExampleTask):
        return score_examples(task, module, task.validation(most_tokens), bf16=bf16)
    assert isinstance(task, LanguageModelTask)
    tokens = task.validation(most_tokens)
    return evaluate(module, tokens, task.corpus.tokenizer, bf16=bf16, ranks=ranks)


def score_examples(task: ExampleTask, module: AnyModule, indices: Indices, *, bf16: bool) -> Score:
    """The score on examples of the task's corpus, by their indices (N,).

    Every rank predicts all of them, which takes little time.
    """
    score = task.output.score(_evaluated(task, module, indices, bf16))
    task.count_some_written(score, module.export(), indices)
    return score


def _evaluated(
    task: ExampleTask, module: AnyModule, indices: Indices, bf16: bool
) -> Iterator[Evaluated]:
    """What the score needs of each batch."""
    network = task.network(module.settings, module.export())
    for batch in task.evaluation_batches(indices, _EXAMPLES):
        with torch.no_grad(), autocast(module.device, bf16):
            arrays = task.output.evaluate(module.network, to_device(batch, module.device))
        yield Evaluated(network, batch, tuple(a.float().cpu().numpy() for a in arrays))
