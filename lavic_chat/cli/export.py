"""export-llm: the language model for a server of its own."""

from dataclasses import asdict
from pathlib import Path

import click

from lavic_chat.cli.options import json_option, model_options, print_json
from lavic_chat.settings import read_settings


@click.command("export-llm")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@model_options
@json_option
def export_llm(folder: Path, as_json: bool, **chosen) -> None:
    """Write the tuned language model into DIR, for vLLM to serve, and print the command line that does.

    DIR opens with stock transformers; the LoRA is folded in. An earlier export in DIR is replaced, anything else is
    refused. `app`, `ask`, `evaluate` and `bench` ask the server with --llm.
    """
    from lavic_chat.model.llm_export import export_llm as export
    from lavic_chat.model.llm_export import serve_command

    card = export(read_settings(**chosen), folder)
    command = serve_command(card, folder)
    print_json({**asdict(card), "command": command}) if as_json else click.echo(command)
