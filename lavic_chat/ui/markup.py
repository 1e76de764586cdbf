"""Every piece of HTML that the chat shows. Whatever comes from a visitor or a catalogue passes `escape` here.

Gradio puts a component's value into its template in a single pass, so that braces and dollars in a value stay
text; only markup has to be defused.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.turns import SEEKER, Turn
from lavic_chat.recommendation import Recommendation, ScoredProduct
from lavic_chat.ui.links import Links
from lavic_chat.ui.panel import BACK, comparison
from lavic_chat.ui.replies import counted, seen, short_title
from lavic_chat.ui.session import Session

EXAMPLES = (
    "A red armchair for a reading corner",
    "Something warm to light a dark hallway",
    "A dining table in light wood for six people",
    "A place to hide the shoes by the front door",
    "A plant pot that brings some colour to a grey balcony",
    "A quiet bedside table, nothing shiny",
)
KEPT = "Picks that you flag, and those I am unsure of, are kept without your name, so that people can correct them."
MOST_CHIPS, LONGEST_CHIP = 8, 48
MOST_VIEWS = 5
SAMPLES = 9  # pictures in the window before anyone has asked


def header(links: Links, at_annotations: bool = False) -> str:
    link = '<a href="./">Shop</a>' if at_annotations else '<a href="desk">Annotate</a>'
    return (
        f'<header class="masthead"><span class="mark" aria-hidden="true">{MARK}</span>'
        "<div><h1>LaViC Chat</h1><p>A home shop assistant that looks at the pictures.</p></div>"
        f'<p class="facts"><span>{len(links.catalog):,} products</span><span>{escape(links.model_name)} on '
        f"{escape(links.device)}</span>{link}</p></header>"
    )


MARK = (
    '<svg viewBox="0 0 32 32" width="36" height="36"><rect x="1" y="1" width="30" height="30" rx="8" class="pane"/>'
    '<path d="M8 8h7v7H8zM17 8h7v7h-7zM8 17h7v7H8z" class="view"/><path d="M17 17h7v7h-7z" class="picked"/></svg>'
)


def conversation(session: Session, links: Links) -> str:
    """The chat: greeting and examples before the first message, then the turns, then three dots while it looks."""
    turns = session.pending.dialogue.turns if session.pending else session.dialogue.turns
    if not turns:
        return greeting()
    messages = "".join(message(turn, links) for turn in turns)
    if session.pending:
        messages += '<li class="bot typing" aria-hidden="true"><span></span><span></span><span></span></li>'
    return f'<ol class="log" aria-label="Conversation" tabindex="0">{messages}</ol>'


def greeting() -> str:
    chips = "".join(
        f'<li><button type="button" data-act="example" data-id="{number}">{escape(text)}</button></li>'
        for number, text in enumerate(EXAMPLES)
    )
    return (
        '<div class="greeting"><h2>What are you looking for?</h2><p>Say it the way you would in a shop: the room, the '
        "mood, a colour. Ten products are pulled from the shelves, and each picture gets a good look.</p>"
        f'<ul class="examples" aria-label="Requests to start from">{chips}</ul><p class="kept">{KEPT}</p></div>'
    )


def message(turn: Turn, links: Links) -> str:
    who, author = ("shopper", "You") if turn.role == SEEKER else ("bot", "LaViC")
    picture = ""
    if turn.photo:
        picture = f'<img class="photo" src="{photo_address(turn.photo)}" alt="The photo you sent" loading="lazy">'
    elif turn.shown and turn.shown[0] in links.catalog:
        product = links.catalog[turn.shown[0]]
        picture = (
            f'<img class="thumb" src="{links.picture(product)}" alt="{escape(short_title(product))}" loading="lazy">'
        )
    text = f'<p dir="auto">{escape(turn.text)}</p>' if turn.text else ""
    return f'<li class="{who}"><span class="sr">{author}: </span>{picture}{text}</li>'


def photo_address(photo: Path) -> str:
    """Gradio's own address of a file that this visitor has uploaded."""
    return escape("gradio_api/file=" + quote(str(photo)))


def window(session: Session, links: Links) -> str:
    """The right side's upper part: samples before the first question, an outline while it looks, then the card, or the
    pick and a runner-up side by side."""
    if session.shown:
        return comparison(session, links) if session.comparing else card(session, links)
    return outline() if session.pending else samples(links)


def card(session: Session, links: Links) -> str:
    item, place = session.shown, place_of(session.shown, session.recommendation)
    product = item.product
    badge = "My pick" if place == 1 else f"No. {place} of {len(session.recommendation.candidates)}"
    back = BACK + '<button type="button" class="back" data-act="compare">Compare</button>'
    return (
        f'<article class="card{" waiting" if session.pending else ""}" data-product="{escape(product.id)}">'
        f'<div class="frame"><img src="{links.picture(product)}" alt="{escape(short_title(product))}">'
        f"{views(product, links)}</div>"
        f'<div class="facts"><p class="badge{" runner-up" if place > 1 else ""}"><span>{badge}</span>'
        f"{back if place > 1 else ''}</p>"
        f'<h2 dir="auto">{escape(short_title(product))}</h2>'
        f'<p class="price">{escape(links.price(product))}<span>{escape(product.category[:60])}</span></p>'
        f"{what_is_seen(item)}{about(product)}{chips(product)}{confidence(item.score, place)}{credit(product)}"
        "</div></article>"
    )


def what_is_seen(item: ScoredProduct) -> str:
    """What the picture shows, and who says so."""
    source, words = seen(item)
    return f'<p class="seen"><span>{source}</span> <q>{escape(words[:160])}</q></p>' if words else ""


def views(product: Product, links: Links) -> str:
    """Buttons that put another picture of the product into the frame; none where there is one picture only."""
    seen = [view for view in range(len(product.images)) if links.catalog.picture_path(product, view)][:MOST_VIEWS]
    buttons = "".join(
        f'<button type="button" data-view="{view}" aria-pressed="{"false" if view else "true"}" '
        f'aria-label="Picture {place} of {len(seen)}"><img src="{links.picture(product, view)}" alt=""></button>'
        for place, view in enumerate(seen, 1)
    )
    return f'<div class="views" role="group" aria-label="Pictures">{buttons}</div>' if len(seen) > 1 else ""


def about(product: Product) -> str:
    """The description, where no attributes say it more briefly."""
    if product.attributes or not product.description:
        return ""
    return f'<p class="about" dir="auto">{escape(product.description[:300])}</p>'


def chips(product: Product) -> str:
    """Attributes as small labels, at most MOST_CHIPS of them."""
    items = [(str(name), str(value)) for name, value in product.attributes.items() if str(value).strip()]
    labels = "".join(
        f"<li><span>{escape(name[:LONGEST_CHIP])}</span> {escape(value[:LONGEST_CHIP])}</li>"
        for name, value in items[:MOST_CHIPS]
    )
    return f'<ul class="chips" aria-label="Attributes">{labels}</ul>' if labels else ""


def confidence(score: float, place: int) -> str:
    """A bar, a percentage and words; `score` is the probability among the candidates, 0 to 1."""
    percent = round(100 * min(max(score, 0.0), 1.0))
    label, words = ("Confidence", sureness(score)) if place == 1 else ("Its share", "behind the pick")
    return (
        f'<div class="confidence"><span>{label}</span><span class="words"><b>{percent} %</b>, {words}</span>'
        f'<div class="bar" role="meter" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><i style="width:{percent}%"></i></div></div>'
    )


def sureness(score: float) -> str:
    for least, words in ((0.75, "very sure"), (0.5, "fairly sure"), (0.3, "leaning this way")):
        if score >= least:
            return words
    return "a close call"


def credit(product: Product) -> str:
    """Who made it, under which licence, and where it comes from; only a web address becomes a link."""
    parts = [escape(part[:120]) for part in (product.creator, product.license) if part]
    if product.source.startswith(("https://", "http://")):
        link = escape(product.source)
        parts.append(f'<a href="{link}" target="_blank" rel="noopener noreferrer nofollow">source</a>')
    elif product.source:
        parts.append(escape(product.source[:120]))
    return f'<p class="credit">{" · ".join(parts)}</p>' if parts else ""


def gallery(session: Session, links: Links) -> str:
    """The other candidates as buttons, numbered by their place; choosing one puts it on the card."""
    if not session.others:
        return placeholders() if session.pending and not session.recommendation else ""
    tiles = "".join(tile(item, place, session, links) for place, item in enumerate(session.others, 2))
    return (
        f'<section class="others{" waiting" if session.pending else ""}"><h3>Also on the shelf '
        f"<span>{counted(len(session.others))} more, best first</span></h3>"
        f'<ul class="tiles">{tiles}{NONE_TILE}</ul></section>'
    )


def tile(item: ScoredProduct, place: int, session: Session, links: Links) -> str:
    product, title = item.product, escape(short_title(item.product))
    return (
        f'<li><button type="button" class="tile" data-act="choose" data-id="{escape(product.id)}" '
        f'aria-pressed="{"true" if session.chosen == product.id else "false"}" title="{title}">'
        f'<span class="frame"><img src="{links.picture(product)}" alt="{title}" loading="lazy"><i>{place}</i></span>'
        f'<span class="name" dir="auto" aria-hidden="true">{title}</span>'
        f'<span class="price">{escape(links.price(product))}</span></button></li>'
    )


# It only leads to the message box; script.js sees to that.
NONE_TILE = (
    '<li><button type="button" class="tile none" data-act="describe"><b>None of these?</b>'
    "Say what is missing, and I look again.</button></li>"
)


def outline() -> str:
    """The empty card while the first answer is on its way, in the card's own size."""
    return (
        '<div class="card outline" aria-hidden="true"><div class="frame"></div><div class="facts">'
        "<i></i><i></i><i></i><i></i></div></div>"
    )


def placeholders() -> str:
    tiles = '<li><span class="tile"><span class="frame"></span><i></i></span></li>' * 9
    return (
        '<section class="others outline" aria-hidden="true"><h3>Also on the shelf</h3>'
        f'<ul class="tiles">{tiles}</ul></section>'
    )


def samples(links: Links) -> str:
    """The shop window before the first question: a few products from all over the catalogue."""
    step = max(1, len(links.catalog) // SAMPLES)
    pictured = [product for product in links.catalog.products[::step] if links.catalog.picture_path(product)]
    pictures = "".join(
        f'<li><img src="{links.picture(product)}" alt="{escape(short_title(product))}" loading="lazy"></li>'
        for product in pictured[:SAMPLES]
    )
    return (
        f'<section class="samples"><ul aria-label="A few of the products">{pictures}</ul>'
        "<p>Your pick appears here, with the nine that came closest.</p></section>"
    )


def status(session: Session) -> str:
    """One live line that screen readers announce: looking, then the answer and what it took."""
    said, text, live = "", "", ""
    if session.pending:
        text, live = "Retrieving… looking at ten pictures…", " looking"
    elif session.recommendation:
        text = what_it_took(session.recommendation)
        said = f'<span class="sr">{escape(session.dialogue.turns[-1].text)} </span>'
    return f'<p class="status{live}" role="status">{said}{escape(text)}</p>'


def what_it_took(found: Recommendation) -> str:
    parts = [f"{len(found.candidates)} pictures"]
    if found.visual_tokens:
        parts.append(f"{found.visual_tokens:,} visual tokens")
    if total := found.timings_ms.get("total", sum(found.timings_ms.values())):
        parts.append(f"{total / 1000:.1f} s")
    return "Looked at " + ", ".join(parts)


def notice(text: str = "", kind: str = "error") -> str:
    """A sentence under the conversation; errors are announced at once."""
    if not text:
        return ""
    return f'<p class="notice {kind}" role="{"alert" if kind == "error" else "status"}">{escape(text)}</p>'


def place_of(item: ScoredProduct, found: Recommendation) -> int:
    """1 for the pick, then 2, 3, ..."""
    return found.candidates.index(item) + 1


def choices(others: Sequence[ScoredProduct]) -> list[tuple[str, str]]:
    """Labels for the flag form, with the numbers that the gallery shows, and their ids."""
    return [(f"{place}. {short_title(item.product)}", item.product.id) for place, item in enumerate(others, 2)]
