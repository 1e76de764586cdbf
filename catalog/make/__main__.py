"""`python -m catalog.make`: fetch the library, render the pictures, write the records. Safe to stop and start again."""

import argparse
import os
import sys
import time
from pathlib import Path

from lavic_chat.errors import LavicError

HERE = Path(__file__).parent
STEPS = ("fetch", "render", "records", "sheets")


def main() -> None:
    """Run the named steps, or all of them in their order."""
    parser = argparse.ArgumentParser(prog="python -m catalog.make", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"any of {', '.join(STEPS)}; all when none is named")
    parser.add_argument("--deb", type=Path, help="the furniture package's file, when it was downloaded before")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="renderers at a time, one core each")
    parser.add_argument("--splits", default="test,valid,train", help="render the shapes of these, in this order")
    parser.add_argument("--variants", type=int, default=4, help="finishes a shape gets besides its own look")
    parser.add_argument("--minutes", type=float, help="stop rendering after this time; the next run goes on")
    options = parser.parse_args()
    if unknown := set(options.steps) - set(STEPS):
        parser.error(f"there is no step {', '.join(sorted(unknown))}; the steps are {', '.join(STEPS)}")
    try:
        for step in options.steps or STEPS:
            RUN[step](options)
    except LavicError as error:
        sys.exit(str(error))


def _fetch(options: argparse.Namespace) -> None:
    from .fetch import fetch

    print(f"The library is in {fetch(HERE / 'work', options.deb)}.")


def _render(options: argparse.Namespace) -> None:
    from .render import render

    until = time.time() + options.minutes * 60 if options.minutes else None
    # All shapes in their own look and one finish first: stopped at any time, what is there is a useful catalogue.
    for variants in sorted({min(1, options.variants), options.variants}):
        render(HERE / "work", options.jobs, variants, until, options.splits)


def _records(options: argparse.Namespace) -> None:
    from .records import write_catalog

    for what, count in write_catalog(HERE / "work", HERE.parent).items():
        print(f"{count:5} {what}")


def _sheets(options: argparse.Namespace) -> None:
    from .review import write_sheets

    print(f"{len(write_sheets(HERE / 'work'))} contact sheets are in {HERE / 'work' / 'sheets'}; look at all of them.")


RUN = {"fetch": _fetch, "render": _render, "records": _records, "sheets": _sheets}


if __name__ == "__main__":
    main()
