"""The 7B at full size, with random weights: what a turn and a training step cost, and what five tokens save.

    python -m lavic_chat.evaluation.full_size --out out/full-size            (one GPU of 24 GB or more)
    python -m lavic_chat.evaluation.full_size --shape tiny --out out/tiny    (anywhere, to see that it runs)

What is measured, and how, is in `benchmarks/full_size.py`.
"""

from pathlib import Path

import click


@click.command()
@click.option("--shape", type=click.Choice(["7b", "tiny"]), default="7b")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for full-size.md and .json.")
@click.option("--runs", default=7, type=click.IntRange(1))
def main(shape: str, out: Path, runs: int) -> None:
    """Measure turns and training steps of the model's shape with random weights."""
    from lavic_chat.evaluation.benchmarks.full_size import write_measurements

    click.echo(write_measurements(shape, out, runs).read_text())


if __name__ == "__main__":
    main()
