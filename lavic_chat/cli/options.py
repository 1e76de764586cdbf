"""Options that several commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lavic_chat.settings import RUNTIMES

DECODES = ("list", "branch", "generate")
LABELINGS = ("letters", "ids")


def catalog_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--catalog of a command."""
    return click.option(
        "--catalog",
        type=click.Path(path_type=Path),
        help="Catalogue folder; without it the shipped home catalogue.",
    )(command)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model and --adapter of a command."""
    command = click.option("--model", help="lavic-mini (the default), a LLaVA-NeXT folder, or a hub name.")(command)
    return click.option(
        "--adapter",
        type=click.Path(path_type=Path),
        help="Adapter folder; without it the model's shipped one.",
    )(command)


def also_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--also of a training command."""
    return click.option(
        "--also",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A further catalogue with dialogues/train.jsonl and valid.jsonl to learn from; may be repeated.",
    )(command)


def decode_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--decode of a command."""
    return click.option(
        "--decode",
        type=click.Choice(DECODES),
        help="How candidates are scored; without it as the adapter was trained.",
    )(command)


def runtime_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--runtime of a command."""
    return click.option(
        "--runtime",
        type=click.Choice(RUNTIMES),
        help="What computes the model; without it the fastest here that is ready.",
    )(command)


def llm_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--llm of a command."""
    return click.option(
        "--llm",
        metavar="URL",
        help="A vLLM server of what export-llm wrote, http://HOST:PORT, which then scores; else LAVIC_LLM.",
    )(command)


def index_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--index of a command."""
    return click.option(
        "--index",
        metavar="URL",
        help="A Milvus that finds the items, milvus://HOST:PORT or milvus:///FOLDER/FILE.db; else LAVIC_INDEX.",
    )(command)


def search_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--search of a command."""
    return click.option(
        "--search",
        metavar="SPACE",
        help="Where items are searched: fusion, text, sda, both, sda=ADAPTER; else LAVIC_SEARCH, else the adapter's.",
    )(command)


def chat_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command takes that answers as the chat does: catalogue, model, runtime, decode, LLM server, index,
    search."""
    options = (search_option, index_option, llm_option, decode_option, runtime_option, model_options, catalog_option)
    for option in options:  # the last comes first
        command = option(command)
    return command


def listen_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--host, --port and --mcp of a command."""
    command = click.option(
        "--mcp", is_flag=True, help="Also serve agents, as an MCP server; needs the extra `mcp`. Else LAVIC_MCP."
    )(command)
    command = click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; 7860 without it.")(command)
    return click.option("--host", help="Address to listen on; 127.0.0.1 without it.")(command)


json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
