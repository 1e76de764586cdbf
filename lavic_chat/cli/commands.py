"""`lavic-chat`: one group, a file a command family. Commands import their tools when they run, so help is quick."""

import gc
import os
import sys
from typing import Any

import click

from lavic_chat import __version__
from lavic_chat.cli.catalog import catalog
from lavic_chat.cli.evaluate import choose_search, evaluate
from lavic_chat.cli.export import export_llm
from lavic_chat.cli.feedback import flags
from lavic_chat.cli.report import report, table
from lavic_chat.cli.sda import sda
from lavic_chat.cli.serve import app, ask, bench, index, prepare, serve
from lavic_chat.cli.train import (
    align,
    calibrate,
    describe,
    distill,
    fuse,
    train,
    tune,
    tune_attributes,
    tune_prototypes,
    tune_retriever,
    tune_tagger,
)
from lavic_chat.errors import LavicError

COLLECT = 100_000, 50, 100  # new objects: what a command loads stays; going through it at every 700th slows a start


class Commands(click.Group):
    """A group whose commands end with a sentence instead of a traceback when the input was at fault."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        gc.set_threshold(*COLLECT)
        try:
            return super().invoke(ctx)
        except LavicError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the reader left; say nothing more
            raise click.exceptions.Exit(0) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(__version__, prog_name="lavic-chat")
def main() -> None:
    """A conversational recommender that looks at the products."""


STAGES = (
    train, align, describe, distill, tune, tune_retriever, fuse, tune_tagger, tune_prototypes, tune_attributes,
    calibrate, choose_search,
)  # fmt: skip
SERVING = (app, serve, ask, catalog, index, prepare)
for command in (*SERVING, *STAGES, evaluate, report, table, bench, export_llm, flags, sda):
    main.add_command(command)
