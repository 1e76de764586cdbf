"""The owner's page as HTML: figures, bars of kinds and prices, what was missed, problems, and the contact sheet.

Whatever comes from a visitor or a catalogue passes `escape` here.
"""

from collections import defaultdict
from collections.abc import Sequence
from html import escape

from lavic_chat.catalog.overview import CatalogOverview, PriceBin
from lavic_chat.catalog.product import Problem, Product
from lavic_chat.recommendation import UnmetRequest
from lavic_chat.ui.links import Links
from lavic_chat.ui.markup import invitation
from lavic_chat.ui.replies import short_title

MOST_KINDS = 12
MOST_OF_A_KIND = 8  # problems that are listed
AGAIN = '<button type="button" data-act="again">Look for changes</button>'
CHECK_AGAIN = '<p class="again"><button type="button" data-act="check-again">Check again</button></p>'
FAR_BAR = ' class="far"'
REFRESH = '<button type="button" data-act="refresh">Refresh</button>'


def welcome(has_login: bool) -> str:
    """What stands there before anybody has signed in; has_login: a name needs its password."""
    return invitation(
        "Your catalogue",
        "What is in it, what shoppers asked for that is not, and its pictures beside what the model sees in them.",
        has_login,
    )


def figures(found: CatalogOverview, links: Links) -> str:
    """The counts, the kinds and the prices."""
    unpriced = found.products - found.priced
    has_variants = found.distinct < found.products
    rows = [
        (f"{found.distinct:,}", "products"),
        (f"{found.products:,}", "variants") if has_variants else (f"{found.families:,}", "different titles"),
        (f"{len(found.kinds):,}", "kinds"),
        ("–" if found.median is None else links.amount(found.median), "median price"),
        (f"{unpriced:,}", "without a price"),
        (f"{found.out_of_stock:,}", "out of stock"),
    ]
    cells = "".join(f"<div><dd>{escape(figure)}</dd><dt>{name}</dt></div>" for figure, name in rows)
    return (
        f'<div class="owner-head"><h2>Your catalogue</h2><p>{REFRESH}{AGAIN}</p></div>'
        f'<dl class="figures">{cells}</dl>'
        f'<div class="owner-pair">{kinds(found.kinds)}{prices(found.prices, links)}</div>'
    )


def kinds(found: Sequence[tuple[str, int]]) -> str:
    """A bar for each of the largest kinds."""
    shown = [*found[:MOST_KINDS]]
    if len(found) > MOST_KINDS:
        rest = found[MOST_KINDS:]
        shown.append((f"{len(rest):,} more", sum(count for _, count in rest)))
    most = max((count for _, count in shown), default=1)
    bars = "".join(
        f'<li><span dir="auto">{escape(name[:60]) or "(no category)"}</span><i style="width:{100 * count / most:.1f}%">'
        f"</i><b>{count:,}</b></li>"
        for name, count in shown
    )
    return f'<section><h3>Kinds</h3><ul class="bars">{bars}</ul></section>'


def prices(bins: Sequence[PriceBin], links: Links) -> str:
    """The histogram, with the ends of its axis; a sentence where there are no prices."""
    if not bins:
        return "<section><h3>Prices</h3><p>No product has a price.</p></section>"
    most, last = max(one.count for one in bins), bins[-1]
    columns = "".join(
        f'<li title="{escape(span_of(one, links))}: {one.count:,}"{FAR_BAR if one.is_far else ""}>'
        f'<b>{one.count or ""}</b><i style="height:{max(100 * one.count / most, 1 if one.count else 0):.1f}%"></i></li>'
        for one in bins
    )
    places = sorted({0, len(bins) // 2} - {len(bins) - 1})
    end = links.amount(last.low) + "+" if last.is_far else links.amount(last.high)
    axis = "".join(
        f'<span style="grid-column:{place + 1}">{escape(links.amount(bins[place].low))}</span>' for place in places
    )
    axis += f'<span class="end" style="grid-column:{len(bins)}">{escape(end)}</span>'
    far = f'<p class="quiet">{escape(far_sentence(last, links))}</p>' if last.is_far else ""
    return (
        f'<section><h3>Prices</h3><ol class="histogram" style="--bins:{len(bins)}" aria-label="Products by price">'
        f'{columns}</ol><p class="axis" style="--bins:{len(bins)}" aria-hidden="true">{axis}</p>{far}</section>'
    )


def span_of(one: PriceBin, links: Links) -> str:
    """A bin in words: "$100 to $200"."""
    return f"{links.amount(one.low)} to {links.amount(one.high)}"


def far_sentence(one: PriceBin, links: Links) -> str:
    """What the last bar holds where it is that of what is far dearer."""
    cost = "1 product costs" if one.count == 1 else f"{one.count:,} products cost"
    return f"The last bar: {cost} far more than the others, up to {links.amount(one.high)}."


def unmet(found: Sequence[UnmetRequest]) -> str:
    """What shoppers asked for that was not there."""
    note = "Words alone, counted since the chat was started; no messages are kept."
    rows = "".join(
        f'<tr><td dir="auto">{escape(one.words)}</td><td>{escape(one.why)}</td><td>{one.count:,}</td></tr>'
        for one in found
    )
    table = (
        '<table><thead><tr><th scope="col">Asked for</th><th scope="col">Why not</th><th scope="col">Times</th></tr>'
        f"</thead><tbody>{rows}</tbody></table>"
        if found
        else "<p>Nothing yet.</p>"
    )
    return f'<section class="unmet"><h3>Asked for, not found</h3><p class="quiet">{note}</p>{table}</section>'


def pictures(problems: Sequence[Problem] | None, checking: bool) -> str:
    """What is amiss with the catalogue, by kind; before it was checked, the button that does so."""
    if checking:
        body = '<p role="status" class="looking">Every picture is being opened; this takes a while with many.</p>'
    elif problems is None:
        body = (
            '<p class="quiet">Opens every picture: which are missing or broken, which look alike.</p>'
            '<p><button type="button" data-act="check">Check pictures and data</button></p>'
        )
    elif not problems:
        body = f"<p>Nothing is amiss.</p>{CHECK_AGAIN}"
    else:
        body = "".join(of_a_kind(*group) for group in grouped(problems)) + CHECK_AGAIN
    return f'<section class="problems"><h3>Pictures missing or alike, and other problems</h3>{body}</section>'


def grouped(problems: Sequence[Problem]) -> list[tuple[str, list[Problem]]]:
    """Problems by kind, those that are no mere warnings first."""
    kinds: dict[tuple[bool, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.is_warning, problem.kind].append(problem)
    return [(name, found) for (_, name), found in sorted(kinds.items())]


def of_a_kind(name: str, found: Sequence[Problem]) -> str:
    """One kind of problem, folded up, with its first ones."""
    listed = "".join(
        f'<li dir="auto"><b>{escape(one.where[:80])}</b> {escape(one.sentence[:300])}</li>'
        for one in found[:MOST_OF_A_KIND]
    )
    left = len(found) - MOST_OF_A_KIND
    more = f"<li>{left:,} more; lavic-chat catalog check lists them all.</li>" if left > 0 else ""
    level = "warning" if found[0].is_warning else "problem"
    return (
        f'<details><summary><span class="level {level}">{level}</span>{escape(name)}<b>{len(found):,}</b></summary>'
        f"<ul>{listed}{more}</ul></details>"
    )


def sheet(products: Sequence[tuple[Product, str]], place: tuple[int, int], links: Links) -> str:
    """One sheet of pictures, each with its title and what the model sees. place: which sheet, and of how many."""
    tiles = "".join(tile(product, caption, links) for product, caption in products)
    return (
        f'<section class="sheet"><h3>What the model sees</h3>{pager(*place)}<ul class="contact">{tiles}</ul>'
        f"{pager(*place) if len(products) > 6 and place[1] > 1 else ''}</section>"
    )


def tile(product: Product, caption: str, links: Links) -> str:
    """A picture with the product's title, its price and the caption."""
    seen = f"<q>{escape(caption[:160])}</q>" if caption else '<em class="quiet">no caption</em>'
    price = f' <span class="price">{escape(links.price(product))}</span>' if product.price is not None else ""
    return (
        f'<li><img src="{links.picture(product)}" alt="" loading="lazy"><p class="name" dir="auto">'
        f"{escape(short_title(product))}{price}</p><p>{seen}</p><code>{escape(product.id[:40])}</code></li>"
    )


def pager(place: int, count: int) -> str:
    """Buttons to the sheets before and behind this one, where there are others."""
    before = step("Previous", place - 1, place > 0) if count > 1 else ""
    behind = step("Next", place + 1, place + 1 < count) if count > 1 else ""
    return f'<p class="pager">{before}<span>Sheet {place + 1:,} of {count:,}</span>{behind}</p>'


def step(text: str, place: int, is_there: bool) -> str:
    """A button to a sheet."""
    disabled = "" if is_there else " disabled"
    return f'<button type="button" data-act="sheet" data-id="{max(0, place)}"{disabled}>{text}</button>'
