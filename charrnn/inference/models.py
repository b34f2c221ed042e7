"""What a trained model is, by its task."""

from charrnn.errors import TextError
from charrnn.inference.label_model import LabelModel
from charrnn.inference.model import Model
from charrnn.inference.rewrite_model import CaptionModel, RewriteModel
from charrnn.inference.tag_model import TagModel
from charrnn.inference.task_model import GREEDY, Decoding, TaskModel, TaskScore
from charrnn.settings import PartName, TaskName
from charrnn.storage.checkpoint import Checkpoint, corpus_of
from charrnn.text.corpus import Corpus, ExampleCorpus

MODELS: dict[TaskName, type[TaskModel]] = {
    "label": LabelModel,
    "tag": TagModel,
    "rewrite": RewriteModel,
    "caption": CaptionModel,
}


def score_part(
    checkpoint: Checkpoint, part: PartName | None, decoding: Decoding = GREEDY
) -> tuple[TaskScore, PartName]:
    """The score of a run with examples on a part of them, and which part that is.

    TextError without examples.
    """
    from charrnn.text.example_formats import example_format  # which load what reads files
    from charrnn.text.examples import checked_examples

    run = checkpoint.run
    corpus = corpus_of(checkpoint, f"score it on a file: charrnn eval {run} FILE")
    if fmt := example_format(checkpoint.model.task, corpus.text):
        checked_examples(corpus, fmt)
    chosen = examples_to_score(corpus, part)
    assert isinstance(corpus, ExampleCorpus)
    examples = corpus.examples(chosen)
    inputs = [corpus.ids(number) for number in examples]
    targets = [corpus.targets_of(number) for number in examples]
    model = MODELS[checkpoint.model.task](checkpoint)
    return model.score(inputs, targets, decoding), chosen


def examples_to_score(corpus: Corpus, part: PartName | None) -> PartName:
    """The part that is named, else test, or valid where there is no test.

    TextError without examples.
    """
    assert isinstance(corpus, ExampleCorpus)
    chosen: PartName = part or ("test" if corpus.examples("test") else "valid")
    if not corpus.examples(chosen):
        raise TextError(f"the {chosen} part has no examples", "Score another --part, or a file.")
    return chosen


def model_of(checkpoint: Checkpoint) -> Model | TaskModel:
    """The language model, or that of another task."""
    if checkpoint.model.task == "text":
        return Model(checkpoint)
    return MODELS[checkpoint.model.task](checkpoint)
