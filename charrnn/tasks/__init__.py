"""What networks are trained for: a task is an input and an output, and nothing else knows its name.

`inputs` says how what is read is stored, padded and encoded; `outputs` says what is predicted, its
loss, prediction and score. The language model is the task whose output is the next token of its own
input. INPUTS and TASKS name them.
"""

from charrnn.cells.parameters import Parameters
from charrnn.settings import OWN_INPUTS, InputName, ModelSettings, TaskName, TextSettings, input_of
from charrnn.tasks.base import Scale, Subject, Task
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.inputs.base import Input
from charrnn.tasks.inputs.frames import FramesInput
from charrnn.tasks.inputs.picture import PictureInput
from charrnn.tasks.inputs.sound import SoundInput
from charrnn.tasks.inputs.text import TextInput
from charrnn.tasks.language_model import LanguageModelTask
from charrnn.tasks.outputs.alignment import AlignedOutput
from charrnn.tasks.outputs.base import Output
from charrnn.tasks.outputs.label import LabelOutput
from charrnn.tasks.outputs.sequence import SequenceOutput
from charrnn.tasks.outputs.tags import TagOutput
from charrnn.text.corpus import Corpus
from charrnn.text.examples import ExampleFormat, checked_examples

INPUTS: dict[InputName, type[Input]] = {
    "text": TextInput,
    "picture": PictureInput,
    "frames": FramesInput,
    "sound": SoundInput,
}

TASKS: dict[TaskName, type[Output] | None] = {
    "text": None,  # the next token of the input itself
    "label": LabelOutput,
    "tag": TagOutput,
    "rewrite": SequenceOutput,
    "caption": SequenceOutput,
}
"""The output of each task. Its input is what `input_of` says."""


def inputs_of(file: str) -> set[InputName]:
    """The inputs that a file of that name may itself be."""
    return {name for name, source in INPUTS.items() if source.is_source(file)}


def example_format(
    task: TaskName, settings: TextSettings, scale: Scale = ()
) -> ExampleFormat | None:
    """How the examples of a task stand in files; None for a task that learns from a text.

    An input that the task has anyway counts as not given, so that equal corpora have equal keys.
    Features have this `scale` if it is given, else one of their own. UsageError for settings that
    do not fit.
    """
    output = TASKS[task]
    if output is None:
        return None
    name = input_of(task, settings)
    sizes = {n: size for n, size in INPUTS[name].sizes.items() if n not in settings.given}
    own = name == OWN_INPUTS.get(task, "text")
    settings = settings.with_chosen(input=None if own else name, **sizes)
    source = INPUTS[name](settings, output.separator(settings), scale=scale)
    return ExampleFormat(task, source, output.lines(settings, source))


def task_of(model: ModelSettings, subject: Subject) -> Task:
    """The task of a model on a corpus that was prepared for it, or of its checkpoint.

    TextError for a corpus of another task, ValueError for a checkpoint of another input.
    """
    output = TASKS[model.task]
    if output is None:
        return LanguageModelTask(model, subject)
    fmt = example_format(model.task, subject.text)
    if fmt and isinstance(subject, Corpus):
        checked_examples(subject, fmt)
    source = INPUTS[input_of(model.task, subject.text)]
    if not source.fits(subject.input_shape):
        raise ValueError("its input_shape is not that of its input")
    if model.decoder == "ctc" and output is SequenceOutput:
        output = AlignedOutput
    return ExampleTask(model, subject, source, output)


def parameters_of(model: ModelSettings, subject: Subject) -> Parameters:
    """Every parameter of a model, by its name in a checkpoint."""
    return task_of(model, subject).parameters(model)


def predicts_targets(model: ModelSettings) -> bool:
    """Whether a model predicts members of a target vocabulary, not the tokens of its input."""
    return TASKS[model.task] is not None
