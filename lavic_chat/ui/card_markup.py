"""The large card's HTML: samples before the first question, then the pick or a runner-up with what is known of it.

Whatever comes from a visitor or a catalogue passes `escape` here.
"""

from html import escape
from itertools import islice

import numpy as np

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.variants import attributes_for_people, lowered
from lavic_chat.dialogue.history import NO_HISTORY, History
from lavic_chat.recommendation import Recommendation, ScoredProduct
from lavic_chat.ui.history_markup import heart
from lavic_chat.ui.links import Links
from lavic_chat.ui.panel import BACK, comparison
from lavic_chat.ui.replies import appearance_lines, short_title
from lavic_chat.ui.session import Session

MOST_CHIPS, LONGEST_CHIP = 8, 48
MOST_VIEWS = 5
SAMPLES = 9  # pictures in the window before anyone has asked
SEARCHED = 300  # products that are looked through for these
ARROW = '<svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true"><path d="M1.5 8.5 8 2M3 1.5h5.5V7"/></svg>'


def window(session: Session, links: Links, history: History = NO_HISTORY) -> str:
    """The right side's upper part: samples before the first question, an outline while it looks, then the card, or the
    pick and a runner-up side by side."""
    if session.shown:
        return comparison(session, links) if session.comparing else card(session, links, history)
    return outline() if session.pending else samples(links)


def card(session: Session, links: Links, history: History = NO_HISTORY) -> str:
    """The pick or the chosen runner-up, with a heart while nothing is asked; nothing where the session shows none."""
    found, item = session.recommendation, session.shown
    if not found or not item:
        return ""
    product, place = item.product, place_of(item, found)
    nearest = place == 1 and bool(found.gave_way)
    badge = "Comes nearest" if nearest else "My pick" if place == 1 else f"No. {place} of {len(found.candidates)}"
    back = BACK + '<button type="button" class="back" data-act="compare">Compare</button>'
    return (
        f'<article class="card{" waiting" if session.pending else ""}" data-product="{escape(product.id)}">'
        f'<div class="frame"><img src="{links.picture(product)}" alt="{escape(short_title(product))}">'
        f"{views(product, links)}{'' if session.pending else heart(product, history)}</div>"
        f'<div class="facts"><p class="badge{" runner-up" if place > 1 else ""}"><span>{badge}</span>'
        f"{back if place > 1 else ''}</p>"
        f'<h2 dir="auto">{escape(short_title(product))}</h2>'
        f'<p class="price">{escape(links.price(product))}<span>{escape(product.category[:60])}</span></p>'
        f"{caption_line(item)}{about(product)}{chips(product)}"
        f"{confidence(item.score, words_of(item.score, place, nearest))}{page_link(product)}{credit(product)}"
        "</div></article>"
    )


def caption_line(item: ScoredProduct) -> str:
    """What the picture shows, and who says so."""
    return "".join(
        f'<p class="seen"><span>{source}</span> <q>{escape(words[:160])}</q></p>'
        for source, words in appearance_lines(item)
    )


def views(product: Product, links: Links) -> str:
    """Buttons that put another picture of the product into the frame; none where there is one picture only."""
    shown = [view for view in range(len(product.images)) if links.catalog.picture_path(product, view)][:MOST_VIEWS]
    buttons = "".join(
        f'<button type="button" data-view="{view}" aria-pressed="{"false" if view else "true"}" '
        f'aria-label="Picture {place} of {len(shown)}"><img src="{links.picture(product, view)}" alt=""></button>'
        for place, view in enumerate(shown, 1)
    )
    return f'<div class="views" role="group" aria-label="Pictures">{buttons}</div>' if len(shown) > 1 else ""


def about(product: Product) -> str:
    """The description, where no attributes say it more briefly."""
    if attributes_for_people(product) or not product.description:
        return ""
    return f'<p class="about" dir="auto">{escape(product.description[:300])}</p>'


def chips(product: Product) -> str:
    """Attributes as small labels, at most MOST_CHIPS of them; none of those that are the shop's books alone."""
    labels = "".join(
        f"<li><span>{escape(lowered(name)[:LONGEST_CHIP])}</span> {escape(value[:LONGEST_CHIP])}</li>"
        for name, value in list(attributes_for_people(product).items())[:MOST_CHIPS]
    )
    return f'<ul class="chips" aria-label="Attributes">{labels}</ul>' if labels else ""


def words_of(score: float, place: int, nearest: bool) -> tuple[str, str]:
    """What a probability is called, and in words. nearest: the pick does not meet all that was asked for, and nobody
    can be sure of that."""
    if nearest:
        return "Its share", "of what comes near"
    return ("Confidence", confidence_words(score)) if place == 1 else ("Its share", "behind the pick")


def confidence(score: float, named: tuple[str, str]) -> str:
    """A bar, a percentage and words; `score` is the probability among the candidates, 0 to 1. named: its name, and
    the words behind it."""
    percent = round(100 * min(max(score, 0.0), 1.0))
    label, words = named
    return (
        f'<div class="confidence"><span>{label}</span><span class="words"><b>{percent} %</b>, {words}</span>'
        f'<div class="bar" role="meter" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><i style="width:{percent}%"></i></div></div>'
    )


def confidence_words(score: float) -> str:
    """A probability from 0 to 1 as one says it."""
    for least, words in ((0.75, "very sure"), (0.5, "fairly sure"), (0.3, "leaning this way")):
        if score >= least:
            return words
    return "a close call"


def page_link(product: Product) -> str:
    """A link to the product's page; only an http or https address becomes one."""
    if not product.link.startswith(("https://", "http://")):
        return ""
    return (
        f'<p class="page-link"><a href="{escape(product.link)}" target="_blank" rel="noopener noreferrer nofollow">'
        f"See it in the shop{ARROW}</a></p>"
    )


def credit(product: Product) -> str:
    """Who made it, under which licence, and where it comes from; only a web address becomes a link."""
    parts = [escape(part[:120]) for part in (product.creator, product.license) if part]
    if product.source.startswith(("https://", "http://")):
        link = escape(product.source)
        parts.append(f'<a href="{link}" target="_blank" rel="noopener noreferrer nofollow">source</a>')
    elif product.source:
        parts.append(escape(product.source[:120]))
    return f'<p class="credit">{" · ".join(parts)}</p>' if parts else ""


def outline() -> str:
    """The empty card while the first answer is on its way, in the card's own size."""
    return (
        '<div class="card outline" aria-hidden="true"><div class="frame"></div><div class="facts">'
        "<i></i><i></i><i></i><i></i></div></div>"
    )


def samples(links: Links) -> str:
    """The shop window before the first question: a few products from all over the catalogue."""
    pictures = "".join(
        f'<li><img src="{links.picture(product)}" alt="{escape(short_title(product))}" loading="lazy"></li>'
        for product in sampled(links)
    )
    return (
        f'<section class="samples"><ul aria-label="A few of the products">{pictures}</ul>'
        "<p>Your pick appears here, with the nine that came closest.</p></section>"
    )


def sampled(links: Links) -> list[Product]:
    """At most SAMPLES that are in stock and have a picture, of the variants of one product one; from all over."""
    catalog, found = links.catalog, {}
    rows = np.flatnonzero(catalog.columns.in_stock)
    step = max(1, len(rows) // SAMPLES)
    far_apart = (row for start in range(step) for row in rows[start::step])
    for row in islice(far_apart, SEARCHED):
        product = catalog.products[int(row)]
        if product.family not in found and catalog.picture_path(product):
            found[product.family] = product
        if len(found) == SAMPLES:
            break
    return list(found.values())


def place_of(item: ScoredProduct, found: Recommendation) -> int:
    """1 for the pick, then 2, 3, ..."""
    return found.candidates.index(item) + 1
