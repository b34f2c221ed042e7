"""charrnn sample --interactive: the user and the model write a text in turns."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

import numpy as np

from charrnn.display.stdout import escaped, on_one_line
from charrnn.errors import CharRNNError, UsageError
from charrnn.inference.drawing import Prompt
from charrnn.inference.sampling import read_prompt, sample_after
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings, SettingError, UnknownName, read
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import Tokenizer
from charrnn.text.unknown import known_text

_CHANGEABLE = (
    "temp", "length", "top_k", "top_p", "min_p", "repetition_penalty", "seed", "stop", "unknown",
)  # fmt: skip
_HELP = """\
What you type is added to the text, and the model continues it.
An empty line adds nothing.
  /temp 0.5       change a setting: /settings lists them
  /settings       the settings
  /text           the text so far
  /undo           take back what was added last, by you or by the model
  /reset          begin anew
  /quit           end, as Ctrl-D does; Ctrl-C stops the model in its answer"""


class Dialogue:
    """The text so far. What is read or written is read by the network once."""

    def __init__(self, network: LanguageModel, tokenizer: Tokenizer) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._steps: list[tuple[str, Prompt]] = [("", read_prompt(network, tokenizer, ""))]

    @property
    def text(self) -> str:
        """All that has been read and written."""
        return "".join(text for text, _ in self._steps)

    def read(self, text: str, unknown: UnknownName = "error") -> None:
        """Append a text, without characters that the vocabulary lacks, or as `unknown` says.

        TextError, and nothing changes, where they are an error.
        """
        text, _ = known_text(text, self._tokenizer, unknown)
        first = len(self._steps) == 1  # then the newline before it must not be read
        before = None if first else self._steps[-1][1]
        self._steps.append((text, read_prompt(self._network, self._tokenizer, text, before)))

    def write(self, settings: SampleSettings, generator: np.random.Generator) -> Iterator[str]:
        """What the model writes next, in pieces. What has been taken of it becomes the text."""
        _, prompt = self._steps[-1]
        written = ""
        try:
            for piece in sample_after(self._network, self._tokenizer, prompt, settings, generator):
                written += piece
                yield piece
        finally:
            if written:
                self.read(written)

    def undo(self) -> None:
        """Take back what was read or written last."""
        if len(self._steps) > 1:
            self._steps.pop()

    def reset(self) -> None:
        """Begin anew."""
        del self._steps[1:]


def converse(checkpoint: Checkpoint, settings: SampleSettings) -> None:
    """Read lines and write answers, until Ctrl-D. UsageError without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--interactive needs a terminal", "For a pipe: charrnn sample --prompts -")
    with suppress(ImportError):  # it gives input() line editing and history; Windows has its own
        import readline  # noqa: F401

    network = LanguageModel(checkpoint.model, checkpoint.weights)
    turns = _Turns(Dialogue(network, checkpoint.tokenizer), settings)
    name = on_one_line(checkpoint.run)
    print(f"You and {name} write in turns. /help lists the commands, Ctrl-D ends.\n", flush=True)
    if settings.prompt:
        turns.answer(settings.prompt)
    while not turns.ended:
        try:
            turns.take(input("> "))
        except EOFError:
            print(flush=True)
            return
        except KeyboardInterrupt:
            print("  (Ctrl-D ends)", flush=True)


class _Turns:
    """The dialogue and its settings, which each typed line continues or changes."""

    def __init__(self, dialogue: Dialogue, settings: SampleSettings) -> None:
        self.dialogue, self.settings = dialogue, settings
        self.generator = np.random.default_rng(settings.seed)
        self.ended = False
        self._commands: dict[str, Callable[[], None]] = {
            "help": lambda: print(_HELP, flush=True),
            "settings": self._show_settings,
            "text": lambda: self._print(self.dialogue.text + "\n"),
            "undo": dialogue.undo,
            "reset": dialogue.reset,
            "quit": self._end,
        }

    def take(self, line: str) -> None:
        """Obey a command, or continue a text. Errors are printed."""
        try:
            if line.startswith("/"):
                self._obey(*line[1:].partition(" ")[::2])
            else:
                self.answer(line)
        except CharRNNError as error:
            print(escaped(f"{error.message}\n{error.hint}"), file=sys.stderr, flush=True)

    def answer(self, line: str) -> None:
        """Add the line to the text and let the model continue it, until Ctrl-C. TextError."""
        if line:
            self.dialogue.read(line, self.settings.unknown)
        pieces = self.dialogue.write(self.settings, self.generator)
        try:
            self._print(line)
            for piece in pieces:
                self._print(piece)
        except KeyboardInterrupt:
            pieces.close()  # type: ignore[attr-defined]  # a generator
        print("\n", flush=True)

    def _obey(self, command: str, value: str) -> None:
        """Raise UsageError for a command that does not exist, or a wrong value."""
        name = command.replace("-", "_")
        if name in self._commands:
            self._commands[name]()
        elif name in _CHANGEABLE:
            self._change(name, value.strip())
        else:
            raise UsageError(f"there is no command /{command}", "/help lists the commands.")

    def _change(self, name: str, value: str) -> None:
        """Set a setting; to its default where no value is given."""
        default = next(field.default for field in fields(SampleSettings) if field.name == name)
        given: Any = default if not value else (value,) if name == "stop" else value
        try:
            checked = read(SampleSettings, {name: given})
            self.settings = replace(self.settings, **{name: getattr(checked, name)})
        except (SettingError, ValueError) as error:
            raise UsageError(
                f"/{name.replace('_', '-')}: {error}", "Nothing has changed."
            ) from None
        if name == "seed":
            self.generator = np.random.default_rng(self.settings.seed)
        self._show_settings()

    def _show_settings(self) -> None:
        values = {name: getattr(self.settings, name) for name in _CHANGEABLE}
        values["stop"] = " ".join(map(repr, self.settings.stop)) or None
        shown = [
            f"{name.replace('_', '-')} {v if v is not None else 'none'}"
            for name, v in values.items()
        ]
        print("  ".join(shown), flush=True)

    def _end(self) -> None:
        self.ended = True

    def _print(self, text: str) -> None:
        print(escaped(text), end="", flush=True)
