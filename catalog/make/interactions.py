"""Make up who had what of a catalogue, to try the commands of `lavic-chat sda` with:
`python -m catalog.make.interactions catalog out/made-up.csv`.

It is made up, and nothing that is measured on it is a result. Each user likes a style, two colours and a few kinds of
thing, and has had mostly what fits. The same catalogue and seed give the same file.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import click

from lavic_chat.catalog import Product, load_catalog
from lavic_chat.errors import LavicError
from lavic_chat.storage.files import write_atomic

FITS = 20.0  # as often as what does not fit, for each of a user's tastes
FEWEST, MOST = 5, 12  # items of a user
DAY = 86_400


def make_interactions(products: Sequence[Product], users: int, seed: int) -> list[tuple[str, str, int]]:
    """User, item and second, user by user, the oldest first. Raises LavicError for a catalogue that is too small."""
    if len(products) < MOST:
        raise LavicError(f"{len(products)} products are too few for users who have had {MOST}; import more first.")
    rng = random.Random(f"{seed}/interactions")
    kinds = sorted({str(one.attributes.get("type", one.category)) for one in products})
    tastes = {name: sorted({str(one.attributes.get(name, "")) for one in products}) for name in ("style", "colour")}
    rows = []
    for user in range(users):
        wanted = {
            "type": rng.sample(kinds, min(4, len(kinds))),
            "style": rng.sample(tastes["style"], 1),
            "colour": rng.sample(tastes["colour"], min(2, len(tastes["colour"]))),
        }
        moment = rng.randrange(300) * DAY
        for product in draw(products, wanted, rng):
            moment += rng.randrange(1, 20) * DAY
            rows.append((f"u{user}", product.id, moment))
    return rows


def draw(products: Sequence[Product], wanted: dict[str, list[str]], rng: random.Random) -> list[Product]:
    """What one user has had, in that order; nothing twice."""
    weights = []
    for product in products:
        looks = {"type": product.category, **product.attributes}
        weights.append(FITS ** sum(str(looks.get(name, "")) in values for name, values in wanted.items()))
    drawn: dict[str, Product] = {}
    count = rng.randint(FEWEST, MOST)
    while len(drawn) < count:
        (product,) = rng.choices(products, weights)
        drawn.setdefault(product.id, product)
    return list(drawn.values())


@click.command(help=__doc__)
@click.argument("catalog", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--users", type=click.IntRange(1), default=300, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(catalog: Path, out: Path, users: int, seed: int) -> None:
    try:
        rows = make_interactions(load_catalog(catalog).products, users, seed)
        lines = ["user,item,timestamp", *(f"{user},{item},{moment}" for user, item, moment in rows)]
        write_atomic(out, ("\n".join(lines) + "\n").encode())
        print(f"{len(rows)} made-up interactions of {users} users are in {out}.")
    except LavicError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
