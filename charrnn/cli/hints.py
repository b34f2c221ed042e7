"""Wrong flags are answered with the flags here, and the whole command line with one that works."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from charrnn.cli.advice import ADVICE, SWITCHES
from charrnn.cli.foreign import RENAMED, TRANSLATED, foreign_file, is_off
from charrnn.errors import UsageError, near

_BOOLEAN = re.compile(r"true|false|yes|no|0|1", re.IGNORECASE)
_TEXT = "shakespeare"  # stands for a text in a command that needs one

Flags = Mapping[str, bool]
"""Every flag of a command, and whether a value follows it."""


class Word(NamedTuple):
    """A flag as it is typed, with its value; or an argument, whose `name` is empty."""

    typed: list[str]
    name: str
    value: str
    is_known: bool


def words_of(args: Sequence[str], known: Flags) -> Iterator[Word]:
    """The flags and arguments of a command line."""
    rest = list(args)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            yield from (Word([argument], "", argument, True) for argument in rest)
            return
        is_known = name in known
        if not is_known and not _is_wrong(name, known):
            yield Word([word], "", word, True)
            continue
        follows = known[name] if is_known else bool(rest) and _is_value(rest[0], name)
        typed = [word, *([rest.pop(0)] if follows and not equals and rest else [])]
        yield Word(typed, name, value if equals else typed[-1] if len(typed) > 1 else "", is_known)


def _is_wrong(name: str, known: Flags) -> bool:
    """Whether a word is a flag that the command does not have."""
    if name == "-" or not name.startswith("-") or re.match(r"-[\d.]", name):
        return False
    plain = plain_name(name)
    foreign = plain in RENAMED | ADVICE or own_flag(name) in known
    return name.startswith("--") or name[:2] not in known or foreign


def _is_value(word: str, name: str) -> bool:
    """Whether the word after another program's flag is its value."""
    if plain_name(name) in SWITCHES:
        return bool(_BOOLEAN.fullmatch(word))
    return not word.startswith("-") or bool(re.match(r"-([\d.]|$)", word))


def has_foreign(args: Sequence[str], command: str, known: Flags) -> bool:
    """Whether there are flags that the command does not have, or files of other programs."""
    return any(
        not word.is_known or (not word.name and foreign_file(word.value, command))
        for word in words_of(args, known)
    )


def plain_name(word: str) -> str:
    """--batch_size -> batch-size."""
    return word.lstrip("-").replace("_", "-").lower()


def own_flag(word: str) -> str:
    """-batch_size -> --batch-size."""
    return f"--{plain_name(word)}"


def explain(args: Sequence[str], command: str, flags: Mapping[str, Flags]) -> UsageError:
    """An error that answers each wrong word, and ends with a command line in our own words.

    `flags` are those of each command, this one first.
    """
    known, answers, corrected = flags[command], dict[str, str](), list[str]()
    is_foreign = False
    for word in words_of(args, known):
        file = "" if word.name else foreign_file(word.value, command)
        if file:
            answers[word.value], is_foreign = f": {file}", True
        elif word.is_known:
            corrected += word.typed
        else:
            answer, words = _answered(word, command, flags)
            answers[word.name] = answer
            is_foreign |= bool(words) or answer.startswith(":")
            if words and not words[0].startswith("-"):  # the first argument
                corrected = [*words, *corrected]
            else:
                corrected += words[2:] if "--schedule" in {*words} & {*corrected} else words
    advice = "Try: "
    if command == "train" and not _has_text(corrected, known):
        corrected = [_TEXT, *corrected]
        advice = f"No text is named: {_TEXT} stands for yours.\nTry: "
    advice += f"charrnn {command} {shlex.join(corrected)}".strip()
    return _error(answers, command, advice if is_foreign else f"See charrnn {command} --help.")


def _error(answers: Mapping[str, str], command: str, advice: str) -> UsageError:
    if len(answers) == 1:
        ((word, answer),) = answers.items()
        return UsageError(f"{word}{answer}", advice)
    width = max(map(len, answers))
    lines = [f"  {word:<{width}}  {answer.lstrip(': ')}" for word, answer in answers.items()]
    message = f"charrnn {command} does not know {len(answers)} of the given words"
    return UsageError(message, "\n".join([*lines, advice]))


def _has_text(words: Sequence[str], known: Flags) -> bool:
    """Whether a line of `charrnn train` names a text, or needs none."""
    return "--resume" in words or not all(word.name for word in words_of(words, known))


def _answered(word: Word, command: str, flags: Mapping[str, Flags]) -> tuple[str, list[str]]:
    """What follows a wrong flag in its answer, and the words here for it; empty for nothing."""
    known, advice = flags[command], _advice(word.name, command)
    if flag := _renamed(word.name, known):
        return f" is {flag} here", _with_value(flag, word, known)
    translate = TRANSLATED.get(command, {}).get(plain_name(word.name))
    words = translate(word.value) if translate else []
    if words and words[0].startswith("-"):
        return f" is {shlex.join(words)} here", words
    if advice:
        return f": {advice}", words
    guess = _guess(word.name, known)
    words = _with_value(guess, word, known) if guess else []
    others = [other for other, known in flags.items() if own_flag(word.name) in known]
    if len(others) in (1, 2):  # more would be a guess
        return f" is a flag of charrnn {' and '.join(others)}", words
    meant = f"; did you mean {guess}?" if guess else ""
    return f" is not a flag of charrnn {command}{meant}", words


def _with_value(flag: str, word: Word, known: Flags) -> list[str]:
    """A flag with the value that another one has; empty for a switch that is off."""
    if known[flag]:
        return [flag, word.value] if len(word.typed) > 1 or "=" in word.typed[0] else [flag]
    return [] if is_off(word.value) else [flag]


def _renamed(word: str, known: Flags) -> str | None:
    """The flag of the command that has the same meaning and takes the same values."""
    for flag in (own_flag(word), RENAMED.get(plain_name(word), "")):
        if flag in known:
            return flag
    return None


def _guess(word: str, known: Flags) -> str | None:
    """The flag that a wrong one is near to, by its name here or elsewhere."""
    names = {name: flag for name, flag in RENAMED.items() if flag in known}
    names |= {plain_name(name): name for name in known if name.startswith("--")}
    close = near(plain_name(word), names)
    return names[close] if close else None


def _advice(word: str, command: str) -> str:
    advice = ADVICE.get(plain_name(word), "")
    return advice if isinstance(advice, str) else advice.get(command, "")
