"""What networks are trained for: a task is one object, and nothing else knows it by name."""

from charrnn.errors import TextError
from charrnn.settings import TaskName
from charrnn.tasks.base import AnyTask
from charrnn.tasks.caption import CaptionTask
from charrnn.tasks.label import LabelTask
from charrnn.tasks.language_model import LanguageModel
from charrnn.tasks.rewrite import RewriteTask
from charrnn.tasks.tag import TagTask
from charrnn.text.corpus import Corpus
from charrnn.text.example_formats import example_format
from charrnn.text.examples import checked_examples

TASKS: dict[TaskName, type[AnyTask]] = {
    "text": LanguageModel,
    "label": LabelTask,
    "tag": TagTask,
    "rewrite": RewriteTask,
    "caption": CaptionTask,
}


def task_on(name: TaskName, corpus: Corpus) -> AnyTask:
    """The task of that name, on a corpus that was prepared for it. TextError for another corpus."""
    if name not in TASKS or corpus.task != name:
        raise TextError(
            f"{corpus.name} is a corpus for --task {corpus.task:.20}, not for --task {name:.20}",
            "Name another corpus, or prepare it again.",
        )
    if fmt := example_format(name, corpus.text):
        checked_examples(corpus, fmt)
    return TASKS[name](corpus)
