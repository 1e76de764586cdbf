"""The commands, thin: parse options, call one function, print. `commands.py` has the list of them."""

from lavic_chat.cli.commands import main

__all__ = ["main"]
