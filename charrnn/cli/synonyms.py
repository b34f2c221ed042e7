"""Words that people try for commands, and the commands that do it."""

SYNONYMS = {
    "generate": "sample", "gen": "sample", "fit": "train", "finetune": "train",
    "evaluate": "eval", "score": "eval", "test": "eval",
    "infer": "predict", "tokenize": "prepare", "chat": "sample --interactive",
    "rm": "runs rm", "remove": "runs rm", "delete": "runs rm",
    "rename": "runs rename", "mv": "runs rename",
    "list": "runs", "ls": "runs", "models": "runs", "runs list": "runs", "runs ls": "runs",
    "show": "inspect", "info": "inspect", "runs show": "inspect", "runs info": "inspect",
    "runs remove": "runs rm", "runs delete": "runs rm", "runs mv": "runs rename",
    "corpora list": "corpora", "corpora ls": "corpora", "corpora info": "corpora show",
    "corpora remove": "corpora rm", "corpora delete": "corpora rm",
    "download": "corpora get", "corpora download": "corpora get",
    "version": "--version",
    # scripts of other programs
    "sample.lua": "sample", "sample.py": "sample", "generate.py": "sample",
    "train.lua": "train", "train.py": "train", "main.py": "train", "run_clm.py": "train",
    "makemore.py": "train",
}  # fmt: skip
"""Words that people try -> the words that do it."""

_PROGRAMS = ("th", "python", "python3", "aitextgen", "gpt_2_simple", "textgenrnn")


def in_own_words(args: list[str]) -> list[str]:
    """The command line with the words of its command in place of those that people try."""
    args = args[1:] if args and args[0] in _PROGRAMS else args
    first, *rest = args or [""]
    script = first.rpartition("/")[2]
    if first in ("resume", "continue"):
        return ["train", "--resume", *["--run"][: bool(rest and rest[0][:1] != "-")], *rest]
    if (both := " ".join(args[:2])) in SYNONYMS and len(args) > 1:
        return [*SYNONYMS[both].split(), *args[2:]]
    return [*SYNONYMS[script].split(), *rest] if script in SYNONYMS else args
