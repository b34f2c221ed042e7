"""The classes of all commands: they explain wrong flags, and lay out the help."""

from typing import Any

from typer import TyperException
from typer.core import TyperCommand, TyperGroup

from charrnn.cli.arguments import plain_values
from charrnn.cli.definitions import TASKS
from charrnn.cli.hints import explain, has_foreign
from charrnn.cli.synonyms import in_own_words
from charrnn.errors import UsageError, near, shortened
from charrnn.settings import ADVANCED

_OPTIONS, _ARGUMENTS = "Options", "Arguments"


class Command(TyperCommand):
    """A command that explains all its unknown flags in one error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse. UsageError if there are flags that the command does not have."""
        if not ctx.resilient_parsing:
            name = ctx.command_path.removeprefix("charrnn ")  # `runs rm` for what is below `runs`
            flags = {name: takes_value(self, ctx)}
            if has_foreign(args, name, flags[name]):
                group = ctx.parent and ctx.parent.command
                others = group.load_all(ctx) if isinstance(group, Group) else {}
                before = name.removesuffix(self.name or "")
                flags |= {f"{before}{n}": takes_value(c, ctx) for n, c in others.items()
                          if n != self.name}  # fmt: skip
                raise explain(args, name, flags)
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            if not getattr(error, "ctx", None):
                vars(error)["ctx"] = ctx  # whose help is to be named
            raise

    def make_parser(self, ctx: Any) -> Any:
        """Typer's parser, with our rule for the spelling of values."""
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> tuple[Any, ...]:
            values, *rest = parse(args)
            params = self.get_params(ctx)
            return plain_values(params, values, ctx.command_path), *rest

        parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  (click's interface)
        """Print the help."""
        _print_help(self, ctx, option_panels(self, ctx))


class Deferred(TyperCommand):
    """A command that is not loaded yet; its callback returns the loaded one."""


class Group(TyperGroup):
    """A group of commands. Its help lists them before its flags."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; a deferred one is loaded."""
        command = super().get_command(ctx, cmd_name)
        if isinstance(command, Deferred) and command.callback:
            command = self.commands[cmd_name] = command.callback()
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse. Words that people try are taken for the commands that do it."""
        return super().parse_args(ctx, args if ctx.parent else in_own_words(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names. UsageError if there is none."""
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            close = near(args[0], self.commands)
            meant = f"Did you mean {ctx.command_path} {close}? " if close else ""
            wrong = f"{ctx.command_path} has no command {shortened(args[0])}"
            raise UsageError(wrong, f"{meant}See {ctx.command_path} --help.")
        return super().resolve_command(ctx, args)

    def load_all(self, ctx: Any) -> dict[str, Any]:
        """Every command by its name, loaded."""
        return {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  (click's interface)
        """Print the help."""
        _print_help(self, ctx, self.panels() | option_panels(self, ctx))

    def panels(self) -> dict[str, list[Any]]:
        """Commands by the titles of their panels."""
        from charrnn.display.help import Entry

        panels: dict[str, list[Any]] = {}
        for name, command in self.commands.items():
            panel = getattr(command, "rich_help_panel", None) or "Commands"
            about = (command.help or "").partition("\n\n")[0].replace("\n", " ")
            panels.setdefault(panel, []).append(Entry(name, "", about, ""))
        return panels


class Root(Group):
    """The command `charrnn`: alone, it prints an overview."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; without arguments, print the main commands, and the names of the others."""
        if args or ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        from charrnn.display.help import print_overview

        print_overview(self.help or "", self.panels(), self.epilog or "")
        return ctx.exit()  # type: ignore[no-any-return]  # it does not return


def takes_value(command: Any, ctx: Any) -> dict[str, bool]:
    """Every flag of a command, and whether a value follows it."""
    options = [p for p in command.get_params(ctx) if p.param_type_name == "option"]
    return {
        name: not option.is_flag
        for option in options
        for name in (*option.opts, *option.secondary_opts)
    }


def option_panels(command: Any, ctx: Any) -> dict[str, list[Any]]:
    """Arguments and flags by the titles of their panels, Advanced last."""
    from charrnn.display.help import Entry

    panels: dict[str, list[Any]] = {_ARGUMENTS: [], _OPTIONS: [], TASKS: []}
    for param in command.get_params(ctx):
        if getattr(param, "hidden", False):
            continue
        if param.param_type_name == "argument":
            name = param.display_name_raw.upper()
            panels[_ARGUMENTS].append(Entry(name, "", param.help or "", _default(param)))
            continue
        about = "show this help" if "--help" in param.opts else param.help or ""
        value = "" if param.is_flag else param.metavar or "TEXT"
        entry = Entry(
            _spelling([*param.opts, *param.secondary_opts]), value, about, _default(param)
        )
        panels.setdefault(param.rich_help_panel or _OPTIONS, []).append(entry)
    return {t: panels[t] for t in sorted(panels, key=lambda title: title == ADVANCED) if panels[t]}


def _spelling(names: list[str]) -> str:
    """['--length', '-n'] -> '-n, --length'; long names are aligned."""
    short = [name for name in names if not name.startswith("--")]
    joined = ", ".join([*short, *(name for name in names if name not in short)])
    return joined if short else f"    {joined}"


def _default(param: Any) -> str:
    if isinstance(param.show_default, str):
        return param.show_default
    is_plain = param.default is None or isinstance(param.default, bool)
    return str(param.default) if param.show_default and not is_plain else ""


def _print_help(command: Any, ctx: Any, panels: dict[str, list[Any]]) -> None:
    from charrnn.display.help import print_help

    words = [ctx.command_path, "[OPTIONS]"]
    for param in command.get_params(ctx):
        if param.param_type_name == "argument":
            name = param.display_name_raw.upper() + ("..." if param.nargs != 1 else "")
            words.append(name if param.required else f"[{name}]")
    words += ["COMMAND"] if isinstance(command, Group) else []
    paragraphs = (command.help or "").split("\n\n")
    about = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
    epilog = command.epilog or ""
    if not isinstance(command, Group) and epilog:
        epilog = "\n".join(["Examples:", *(f"  {line}" for line in epilog.split("\n"))])
    print_help(" ".join(words), about, panels, epilog)
