"""`python -m catalog.make`: fetch the library, render the pictures, write the records. Safe to stop and start again."""

import time
from pathlib import Path

import click

from lavic_chat.errors import LavicError

HERE = Path(__file__).parent
WORK = HERE / "work"


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Make the home catalogue: all steps, one after another, or one of them by name."""


if __name__ == "__main__":
    main()
