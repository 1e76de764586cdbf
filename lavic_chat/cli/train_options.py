"""What the training commands share: options from the stages' configs, requests from options, answers."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from lavic_chat.cli.options import DECODES, LABELINGS, print_json
from lavic_chat.settings import MINI, read_settings
from lavic_chat.training.configs import PAPER, StageConfig, choose_config

NOISES = ("noise", "blur", "caption_noise")  # config fields in standard deviations
SETTINGS = ("catalog", "model", "adapter", "runtime")
CHOICES = {  # of config fields that are words
    "decode": DECODES, "labeling": LABELINGS, "kind": ("moda", "lora", "separate"), "loss": ("cmsa", "infonce"),
    "similarity": ("cosine", "raw"), "teacher_similarity": ("centred", "cosine", "raw"), "pool": ("own", "whole"),
    "teacher_from": ("now", "start"), "learns": ("both", "image"), "tokens": ("five", "all"),
}  # fmt: skip
R = TypeVar("R")


def path_option(name: str, *more: str, **how: Any) -> Callable[..., Any]:
    """An option that is a path."""
    return click.option(name, *more, type=click.Path(path_type=Path), **how)


ALSO = path_option("--also", multiple=True, help="A further catalogue to learn from; may be repeated.")
FROM = path_option("--from", "start_from", help="Adapter to start from.")
OUT = path_option("--out", required=True, help="Adapter folder to write.")
MODEL = click.option("--model", help=f"Base to train on; {MINI} without it.")
ADAPTER = path_option("--adapter", required=True, help="Adapter folder to put it into.")
DIALOGUES = path_option("--dialogues", required=True, help="Training dialogues (JSONL).")
VALID = path_option("--valid", required=True, help="Validation dialogues (JSONL).")
KEY = click.option("--candidates", "key", default="candidates", help="Key of the candidate lists.")
HARD_KEY = click.option(
    "--candidates", "key", default="candidates", help="Key of the candidates, which are the hard ones."
)


def config_options(config_class: type[StageConfig]) -> Callable[..., Any]:
    """One option for each field of a training config. Its default is lavic-mini's; another base has the paper's."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for item in reversed(fields(config_class)):
            flag, default = "--" + item.name.replace("_", "-"), str(item.default)
            paper = getattr(PAPER.get(config_class), item.name, item.default)
            if paper != item.default:
                default += f"; with another base than {MINI} the paper's {paper}"
            command = click.option(flag, item.name, show_default=default, type=option_type(item))(command)
        return command

    return add


def option_type(item: Field) -> click.ParamType:
    """What a field may be: a way to decode or to label, yes or no, a whole number, a share or rate from 0 to 1, noise
    in standard deviations."""
    if isinstance(item.default, bool):
        return click.BOOL
    if isinstance(item.default, str):
        return click.Choice(CHOICES[item.name])
    may_be_none = not item.default or item.name in ("caption_steps", "word_steps", "plain_steps")
    if isinstance(item.default, int):
        return click.IntRange(0 if may_be_none else 1)
    return click.FloatRange(0, None if item.name in NOISES else 1)


def answer(stage: Callable, request: R, as_json: bool) -> None:
    """Run a stage and print its answer; of several processes only the first has one."""
    result = stage(request)
    if result is None:
        return
    print_json(result.record) if as_json else click.echo(result.summary)


def make_request(request_class: Callable[..., R], config_class: type[StageConfig] | None, given: dict) -> R:
    """A stage's request from a command's options, which are named as its fields, its config's and the settings'."""
    chosen = {name: given[name] for name in SETTINGS if name in given}
    chosen.setdefault("runtime", "torch")  # the reference, and the very model that is trained
    settings = read_settings(**chosen, llm="")
    names = {item.name for item in fields(config_class)} if config_class else set()
    rest = {name: value for name, value in given.items() if name not in names and name not in SETTINGS}
    if config_class:
        chosen = {name: value for name, value in given.items() if name in names}
        rest["config"] = choose_config(config_class, settings.model, chosen)
    return request_class(settings=settings, **rest)


def parse_variables(pairs: Sequence[str]) -> dict[str, str]:
    """Variables of a recipe from NAME=VALUE; raises UsageError for anything else."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals or not value:
            raise click.UsageError(f"--set takes NAME=VALUE, not {pair!r}.")
        found[name] = value
    return found


def make_check(root: click.Command) -> Callable[[Sequence[str]], None]:
    """What raises ClickException for words that the command line would refuse; it runs nothing."""

    def check(words: Sequence[str]) -> None:
        command: click.Command = root
        left = list(words)
        try:
            while isinstance(command, click.Group):
                with click.Context(command) as context:
                    _, found, left = command.resolve_command(context, left)
                if found is None:
                    raise AssertionError("click itself refuses a command that is not there")
                command = found
            command.make_context(" ".join(words), left)
        except click.UsageError as error:
            raise click.ClickException(f"The recipe says `{shlex.join(words)}`: {error.format_message()}") from error

    return check
