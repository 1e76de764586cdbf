"""Before against after: how fast an older installation and this one are, on one machine, in one run.

    python -m lavic_chat.evaluation.speed --before OLD/.venv/bin/lavic-chat --out assets/reports

What is measured, and how, is in `benchmarks/before_after.py`; what the figures mean, in docs/speed.md.
"""

import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from lavic_chat.errors import LavicError
from lavic_chat.settings import lavic_home

PARTS = ("turn", "beside", "ask", "pictures", "shoppers", "idle", "bench")


@click.command()
@click.option("--before", required=True, type=click.Path(path_type=Path), help="The older installation's lavic-chat.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder for speed.md, speed.json, speed.png."
)
@click.option("--only", help=f"Parts, with commas between, of {','.join(PARTS)}; all without it, with '' none anew.")
@click.option("--turns", default=12, type=click.IntRange(2), help="Conversations, of two turns each.")
@click.option("--beside", default=2, type=click.IntRange(1), help="Busy processes of that part.")
@click.option("--shoppers", default=20, type=click.IntRange(1), help="At once.")
@click.option("--seconds", default=60, type=click.IntRange(1), help="How long they shop.")
@click.option("--home", type=click.Path(path_type=Path), help="Whose models and caches both sides get; else your own.")
@click.option("--picks", nargs=2, type=click.Path(path_type=Path), help="evaluate --out folders, before and after.")
@click.option("--bar", "bars", multiple=True, help="KEY=TIMES: what a figure should gain; may be repeated.")
def main(before: Path, out: Path, only: str | None, home: Path | None, **chosen) -> None:
    """Measure both sides part by part, and write the report. Parts that an earlier run of the same two sides has
    measured stay in it."""
    from lavic_chat.evaluation.benchmarks.before_after import Pair, SpeedConfig
    from lavic_chat.evaluation.benchmarks.record import measure_parts
    from lavic_chat.evaluation.benchmarks.sides import make_home, older_side, this_side
    from lavic_chat.evaluation.benchmarks.speed_report import Extras, read_bars, write_report

    try:
        parts = read_parts(only)
        extras = Extras(read_bars(chosen.pop("bars")), chosen.pop("picks"))
        with tempfile.TemporaryDirectory(prefix="lavic-speed-") as folder:
            homes = [Path(folder) / name for name in ("before", "after")]
            pair = Pair(older_side(before, homes[0]), this_side(homes[1]))
            for one in homes:
                make_home(home or lavic_home(), one)
            record = measure_parts(pair, SpeedConfig(**chosen), parts, out, say_since(time.monotonic()))
        click.echo(f"The report is {write_report(record, out, extras)}.")
    except LavicError as error:
        raise click.ClickException(str(error)) from error


def read_parts(only: str | None) -> list[str]:
    """The parts to measure, in their order; raises LavicError for a name that is none."""
    names = [name.strip() for name in (",".join(PARTS) if only is None else only).split(",") if name.strip()]
    if unknown := set(names) - set(PARTS):
        raise LavicError(f"There is no part {sorted(unknown)[0]!r} to measure; choose of {','.join(PARTS)}.")
    return [name for name in PARTS if name in names]


def say_since(start: float) -> Callable[[str], None]:
    """What tells people how it goes, with the minutes since the start."""

    def say(text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - start), 60)
        click.echo(f"{minutes:3d}:{seconds:02d}  {text}", err=True)

    return say


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended then, too
    main()
