"""Flags of other programs, and former ones of charrnn: the name of each here.

Names are written without leading dashes, with hyphens for underscores: `-rnn_size` is `rnn-size`.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from charrnn.errors import UsageError

RENAMED = {
    # charrnn before its flags had the field's names
    "lanes": "--batch-size", "window": "--seq-length", "width": "--hidden-size",
    "embedding": "--embedding-size", "rate": "--learning-rate",
    "adam-rate": "--adamw-learning-rate", "decay": "--weight-decay", "clip": "--grad-clip",
    "average": "--ema-decay", "warmup": "--warmup-steps", "reset": "--state-reset",
    "tie": "--tie-weights",
    "tokens": "--tokenizer", "windows": "--context", "out": "--output", "plot": "--output",
    # char-rnn
    "rnn-size": "--hidden-size", "num-layers": "--layers", "max-epochs": "--epochs",
    "learning-rate-decay": "--decay-factor", "learning-rate-decay-after": "--decay-after",
    "eval-val-every": "--save-every", "savefile": "--run", "primetext": "--prompt",
    # torch-rnn
    "wordvec-size": "--embedding-size", "checkpoint-every": "--save-every",
    "checkpoint-name": "--run", "start-text": "--prompt", "lr-decay-factor": "--decay-factor",
    # nanoGPT
    "block-size": "--seq-length", "n-layer": "--layers", "n-embd": "--hidden-size",
    "max-iters": "--steps", "lr": "--learning-rate", "warmup-iters": "--warmup-steps",
    "eval-interval": "--save-every", "num-samples": "--count",
    "max-new-tokens": "--length", "start": "--prompt",
    # PyTorch's examples and common usage
    "hidden": "--hidden-size", "nhid": "--hidden-size", "hidden-dim": "--hidden-size",
    "n-hidden": "--hidden-size", "n-layers": "--layers", "nlayers": "--layers",
    "emsize": "--embedding-size", "num-epochs": "--epochs", "nepochs": "--epochs",
    "n-epochs": "--epochs", "max-steps": "--steps", "bptt": "--seq-length",
    "sequence-length": "--seq-length", "seq-len": "--seq-length", "bs": "--batch-size",
    "wd": "--weight-decay", "name": "--run", "num-generate": "--length",
}  # fmt: skip
"""Another name -> the flag with the same meaning and the same values."""

_TEXT = "the text is the first argument"
_RUN = "the run is the first argument: its name, folder or model file"
_GPU = "many texts are computed on a GPU with --backend torch"
_FOLDER = "runs are written to checkpoints/: --run names one, CHARRNN_HOME moves all"
_LOUD = "everything is shown unless --quiet"
_RESUME = {
    "train": "to continue a run it is --resume, with --run NAME unless it was trained last; "
    "to begin a new one with its weights, --from NAME",
    "sample": _RUN,
}
_DEVICE = {"train": "it is --device here: cpu, cuda, cuda:1", "sample": _GPU}
_MODEL = {"train": "it is --cell here", "sample": _RUN, "eval": _RUN}
ADVICE: dict[str, str | Mapping[str, str]] = {
    # char-rnn and torch-rnn
    "data-dir": _TEXT, "input-h5": _TEXT, "input-json": _TEXT, "data": _TEXT, "input": _TEXT,
    "checkpoint-dir": _FOLDER, "init-from": _RESUME, "gpuid": _DEVICE, "opencl": _DEVICE,
    "decay-rate": "RMSprop's is fixed: --recipe char-rnn takes that program's",
    "train-frac": "it is --split here: 90/5/5", "val-frac": "it is --split here: 90/5/5",
    "sample": "--temp 0 takes the likeliest token, any other --temp draws one",
    "model": _MODEL, "model-type": "it is --cell here",
    "checkpoint": _RUN, "print-every": _LOUD, "verbose": _LOUD,
    "lr-decay-every": "the learning rate falls every epoch: --decay-factor, --decay-after",
    "batchnorm": "the network has no batch normalization",
    # nanoGPT
    "n-head": "a recurrent network has no attention heads",
    "lr-decay-iters": "the learning rate falls until the last step: see --schedule",
    "min-lr": "the learning rate falls to 0, as --schedule says",
    "decay-lr": "it is --schedule here: linear, cosine, constant or step",
    "beta1": "it is fixed", "beta2": "it is fixed",
    "bias": "each cell has the biases of its paper",
    "gradient-accumulation-steps": "a larger --batch-size has the same effect",
    "eval-iters": "the whole validation part is scored",
    "compile": "kernels are chosen by --device",
    "dtype": "it is --precision here: auto, bf16 or fp32", "out-dir": _FOLDER,
    "dataset": _TEXT, "wandb-log": "--json prints every event, metrics.jsonl keeps them",
    # PyTorch's examples and common usage
    "cuda": _DEVICE, "no-cuda": "it is --device cpu here", "gpu": _DEVICE,
    "resume-from": _RESUME, "save": _FOLDER,
    "max-length": "it is --length here", "debug": _LOUD,
    # commands of their own
    "gradients": "it is a command: charrnn gradients",
    "text": {"inspect": "it is a command: charrnn probe RUN TEXT"},
}  # fmt: skip
"""Another name -> what to do, where no flag has the same values; perhaps by command."""


def unknown_flags(args: Sequence[str], known: Mapping[str, bool]) -> Iterator[str]:
    """The words that begin with a dash and are neither flags nor values of flags."""
    words = iter(args)
    for word in words:
        name, equals, _ = word.partition("=")
        if word == "--":
            return
        if name in known:
            if known[name] and not equals:
                next(words, None)
        elif name != "-" and name.startswith("-") and not re.match(r"-[\d.]", name):
            foreign = plain_name(name) in RENAMED | ADVICE or own_flag(name) in known
            if name.startswith("--") or name[:2] not in known or foreign:
                yield name


def plain_name(word: str) -> str:
    """--batch_size -> batch-size."""
    return word.lstrip("-").replace("_", "-").lower()


def own_flag(word: str) -> str:
    """-batch_size -> --batch-size."""
    return f"--{plain_name(word)}"


def explain(
    wrong: Sequence[str],
    args: Sequence[str],
    command: str,
    flags: Mapping[str, Mapping[str, bool]],
) -> UsageError:
    """An error that names the flag for each wrong one, and the corrected command.

    `flags` are those of each command, this one first.
    """
    answers = {word: _answer(word, command, flags) for word in wrong}
    corrected = {word: _renamed(word, flags[command]) for word in wrong}
    if all(corrected.values()):
        words = [_replaced(word, corrected) for word in args]
        advice = f"Try: charrnn {command} {shlex.join(words)}"
    else:
        advice = f"See charrnn {command} --help."
    if len(answers) == 1:
        ((word, answer),) = answers.items()
        return UsageError(f"{word} {answer}".replace(f"{word} : ", f"{word}: "), advice)
    width = max(map(len, answers))
    lines = [f"  {word:<{width}}  {answer.removeprefix(': ')}" for word, answer in answers.items()]
    message = f"charrnn {command} does not have {len(answers)} of the given flags"
    return UsageError(message, "\n".join([*lines, advice]))


def _replaced(word: str, corrected: Mapping[str, str | None]) -> str:
    name, equals, value = word.partition("=")
    return f"{corrected.get(name) or name}{equals}{value}"


def _renamed(word: str, known: Mapping[str, bool]) -> str | None:
    """The flag of the command that has the same meaning and takes the same values."""
    for flag in (own_flag(word), RENAMED.get(plain_name(word), "")):
        if flag in known:
            return flag
    return None


def _answer(word: str, command: str, flags: Mapping[str, Mapping[str, bool]]) -> str:
    """The explanation of a wrong flag: a phrase that follows its name."""
    advice = ADVICE.get(plain_name(word), "")
    advice = advice if isinstance(advice, str) else advice.get(command, "")
    if renamed := _renamed(word, flags[command]):
        return f"is {renamed} here"
    if advice:
        return f": {advice}"
    for other, known in flags.items():
        if renamed := _renamed(word, known):
            return f"is {f'{renamed} of' if renamed != word else 'a flag of'} charrnn {other}"
    names = {own_flag(name): flag for name, flag in RENAMED.items() if flag in flags[command]}
    names |= {name: name for name in flags[command]}
    close = get_close_matches(own_flag(word), names, n=1)
    meant = f"; did you mean {names[close[0]]}?" if close else ""
    return f"is not a flag of charrnn {command}{meant}"
