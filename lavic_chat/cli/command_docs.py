"""The reference of all commands, written from their own `--help`.

python -m lavic_chat.cli.command_docs          writes docs/commands.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from lavic_chat.cli import main
from lavic_chat.storage.files import write_atomic

REFERENCE = Path("docs/commands.md")
WIDTH = 100  # of a help text, so that it reads the same whatever the terminal
HEAD = """# Commands

<!-- Written by `python -m lavic_chat.cli.command_docs`; changes by hand are lost with the next run. -->

What `--help` says of every command. `lavic-chat` and `python -m lavic_chat` are the same. A value in parentheses is the
default with `lavic-mini`; the paper's, for any other base, stands beside it where it differs.
"""


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Every command that does something, below a group in its order, with the context that knows its full name."""
    if not isinstance(command, click.Group):
        yield command, context
        return
    for name, child in command.commands.items():
        yield from walk(child, open_context(child, name, context))


def open_context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    """The context in which a command's help reads as on a terminal of WIDTH columns."""
    return click.Context(command, parent, name, terminal_width=WIDTH, **command.context_settings)


def make_reference() -> str:
    """The whole reference as Markdown: the list of commands, then the help of each."""
    commands = list(walk(main, open_context(main, "lavic-chat")))
    rows = [
        f"- [`{context.command_path}`](#{anchor(context.command_path)}): {brief(command)}"
        for command, context in commands
    ]
    parts = [f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```" for command, context in commands]
    return "\n\n".join([HEAD.rstrip(), "\n".join(rows), *parts]) + "\n"


def anchor(heading: str) -> str:
    """Where GitHub puts a heading's link."""
    return heading.lower().replace(" ", "-")


def brief(command: click.Command) -> str:
    """The first sentence of a command's help, as far as its first stop."""
    return command.get_short_help_str(limit=200)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE
    write_atomic(target, make_reference())
