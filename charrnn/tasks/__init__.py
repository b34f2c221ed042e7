"""What networks are trained for: a task is one object, and nothing else knows it by name."""

from charrnn.settings import TaskName
from charrnn.tasks.base import AnyTask
from charrnn.tasks.caption import CaptionTask
from charrnn.tasks.label import LabelTask
from charrnn.tasks.language_model import LanguageModel
from charrnn.tasks.rewrite import RewriteTask
from charrnn.tasks.tag import TagTask
from charrnn.text.corpus import Corpus

TASKS: dict[TaskName, type[AnyTask]] = {
    "text": LanguageModel,
    "label": LabelTask,
    "tag": TagTask,
    "rewrite": RewriteTask,
    "caption": CaptionTask,
}


def task_on(name: TaskName, corpus: Corpus) -> AnyTask:
    """The task of that name, on a corpus that was prepared for it."""
    return TASKS[name](corpus)
