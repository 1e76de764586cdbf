"""The HTML of the conversation and of the page around it. Whatever comes from a visitor or a catalogue passes `escape`.

Gradio puts a component's value into its template in a single pass, so that braces and dollars in a value stay
text; only markup has to be defused.
"""

from collections.abc import Sequence
from html import escape
from math import ceil
from pathlib import Path
from urllib.parse import quote

from lavic_chat.catalog.variants import products_and_variants, telling_apart
from lavic_chat.dialogue.turns import SEEKER, Turn
from lavic_chat.recommendation import Place, Recommendation, ScoredProduct
from lavic_chat.ui.examples import OF_A_HOME
from lavic_chat.ui.links import Links
from lavic_chat.ui.replies import number_word, short_title
from lavic_chat.ui.session import Session

LONGEST_CHIP = 60  # characters of a condition that are shown
PRIVACY_NOTE = (
    "Picks that you flag, and those I am unsure of, are kept without your name, so that people can correct them."
)


def header(links: Links, at_annotations: bool = False) -> str:
    """The masthead. With links to the pages of those who run the chat on these pages, and on the shoppers' own where
    anybody may open them; where that takes a password, style.css shows them in a browser that somebody has signed in
    with. What computes the answers is no concern of a shopper's."""
    links_within = '<a href="desk">Annotate</a><a href="catalog">Catalogue</a>'
    if at_annotations:
        machine = f"<span>{escape(links.model_name)} on {escape(links.device)}</span>"
        more = f'{machine}<a href="./">Shop</a>{links_within}'
    else:
        more = f'<span class="within">{links_within}</span>' if links.has_login else links_within
    counted = products_and_variants(len(links.catalog), links.catalog.columns.distinct)
    assistant_of = "home shop" if links.examples == OF_A_HOME else "shop"
    return (
        f'<header class="masthead"><span class="mark" aria-hidden="true">{MARK}</span>'
        f"<div><h1>LaViC Chat</h1><p>A {assistant_of} assistant that looks at the pictures.</p></div>"
        f'<p class="facts"><span>{counted}</span>{more}</p></header>'
    )


MARK = (
    '<svg viewBox="0 0 32 32" width="36" height="36"><rect x="1" y="1" width="30" height="30" rx="8" class="pane"/>'
    '<path d="M8 8h7v7H8zM17 8h7v7h-7zM8 17h7v7H8z" class="view"/><path d="M17 17h7v7h-7z" class="picked"/></svg>'
)


def invitation(title: str, purpose: str, has_login: bool) -> str:
    """What stands on a page of those who run the chat before anybody has signed in; has_login: a name needs its
    password."""
    how = (
        "Sign in with the name and password that you were given."
        if has_login
        else "This page is open to whoever has its address, under any name: no password was set. "
        "LAVIC_ANNOTATOR_AUTH sets names with passwords."
    )
    return f'<div class="desk-hello"><h2>{title}</h2><p>{purpose} {how}</p></div>'


def conversation(session: Session, links: Links) -> str:
    """The chat: greeting and examples before the first message, then the turns, then three dots while it looks."""
    if not session.turns:
        return greeting(links)
    messages = "".join(message(turn, links) for turn in session.turns)
    if session.pending:
        messages += '<li class="bot typing" aria-hidden="true"><span></span><span></span><span></span></li>'
    messages += suggestions(session)
    return f'<ol class="log" aria-label="Conversation" tabindex="0">{messages}</ol>'


def suggestions(session: Session) -> str:
    """The words that the newest answer asks about, each a button that says it; nothing where it asks nothing."""
    words = "".join(
        f'<li><button type="button" data-act="answer" data-id="{escape(word)}">{escape(word)}</button></li>'
        for word in session.suggested
    )
    return f'<li class="suggested"><ul class="examples" aria-label="Answers to that">{words}</ul></li>' if words else ""


def greeting(links: Links) -> str:
    """What stands in the place of the conversation before its first message."""
    chips = "".join(
        f'<li><button type="button" data-act="example" data-id="{number}">{escape(text)}</button></li>'
        for number, text in enumerate(links.examples)
    )
    listed = f'<ul class="examples" aria-label="Requests to start from">{chips}</ul>' if chips else ""
    return (
        '<div class="greeting"><h2>What are you looking for?</h2><p>Say it the way you would in a shop: the room, the '
        "mood, a colour. Ten products are pulled from the shelves, and each picture gets a good look.</p>"
        f'{listed}<p class="kept">{PRIVACY_NOTE}</p></div>'
    )


def message(turn: Turn, links: Links) -> str:
    """One turn, with the photo that came with it or the pick that it shows."""
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


def conditions(session: Session, links: Links) -> str:
    """What was understood as conditions of the pick, each a button that takes it back; nothing where there are none."""
    labels = [(escape(key), escape(links.chip(key, label)[:LONGEST_CHIP])) for key, label in session.chips.items()]
    state = ' type="button" disabled' if session.pending else ' type="button"'
    buttons = "".join(
        f'<li><button{state} data-act="drop" data-id="{key}" aria-label="Remove: {label}">'
        f'<span dir="auto">{label}</span>{CROSS}</button></li>'
        for key, label in labels
    )
    return f'<ul class="conditions" aria-label="What I have understood">{buttons}</ul>' if labels else ""


CROSS = '<svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true"><path d="m1 1 8 8m0-8-8 8"/></svg>'


def photo_address(photo: Path) -> str:
    """Gradio's own address of a file that this visitor has uploaded."""
    return escape("gradio_api/file=" + quote(str(photo)))


def gallery(session: Session, links: Links) -> str:
    """The other candidates as buttons, numbered by their place; choosing one puts it on the card."""
    if not session.others:
        return placeholders() if session.pending and not session.recommendation else ""
    found = session.recommendation.candidates if session.recommendation else session.others
    apart = telling_apart([item.product for item in found])
    tiles = "".join(
        tile(item, place, session, links, apart.get(item.product.id, ""))
        for place, item in enumerate(session.others, 2)
    )
    return (
        f'<section class="others{" waiting" if session.pending else ""}"><h3>Also on the shelf '
        f"<span>{number_word(len(session.others))} more, best first</span></h3>"
        f'<ul class="tiles">{tiles}{NONE_TILE}</ul></section>'
    )


def tile(item: ScoredProduct, place: int, session: Session, links: Links, apart: str = "") -> str:
    """A candidate as a button; place: its rank, 2 for the first runner-up; apart: what tells it from others here that
    have its title."""
    product, title, variant = item.product, escape(short_title(item.product)), escape(apart)
    whole = f"{title}, {variant}" if variant else title
    is_price = apart.removesuffix(".00") == links.price(product)  # of a gift card, which stands below anyway
    line = f'<span class="variant" dir="auto" aria-hidden="true">{variant}</span>' if variant and not is_price else ""
    return (
        f'<li><button type="button" class="tile" data-act="choose" data-id="{escape(product.id)}" '
        f'aria-pressed="{"true" if session.chosen == product.id else "false"}" title="{whole}">'
        f'<span class="frame"><img src="{links.picture(product)}" alt="{whole}" loading="lazy"><i>{place}</i></span>'
        f'<span class="name" dir="auto" aria-hidden="true">{title}</span>{line}'
        f'<span class="price">{escape(links.price(product))}</span></button></li>'
    )


# It only leads to the message box; script.js sees to that.
NONE_TILE = (
    '<li><button type="button" class="tile none" data-act="describe"><b>None of these?</b>'
    "Say what is missing, and I look again.</button></li>"
)


def placeholders() -> str:
    """Empty tiles while the first answer is on its way."""
    tiles = '<li><span class="tile"><span class="frame"></span><i></i></span></li>' * 9
    return (
        '<section class="others outline" aria-hidden="true"><h3>Also on the shelf</h3>'
        f'<ul class="tiles">{tiles}</ul></section>'
    )


def status(session: Session, place: Place | None = None) -> str:
    """One live line that screen readers announce: waiting, looking, then the answer and what it took. place: in line
    for the model, while others are served."""
    announced, text, live = "", "", ""
    if session.pending and place and place.ahead:
        text, live = waiting_line(place), " looking"
    elif session.pending:
        text, live = "Retrieving… looking at ten pictures…", " looking"
    elif session.dialogue.turns:
        text = cost_line(session.recommendation) if session.recommendation and session.is_pick_newest else ""
        announced = f'<span class="sr">{escape(session.dialogue.turns[-1].text)} </span>'
    ahead = f' data-ahead="{place.ahead}"' if place and live else ""
    return f'<p class="status{live}" role="status"{ahead}>{announced}{escape(text)}</p>'


def waiting_line(place: Place) -> str:
    """How many are served first and, once that is known, about how long it takes."""
    who = "One shopper is" if place.ahead == 1 else f"{number_word(place.ahead).capitalize()} shoppers are"
    if place.seconds is None:
        return f"{who} served before you…"
    wait = f"{ceil(place.seconds)} s" if place.seconds < 90 else f"{ceil(place.seconds / 60)} minutes"
    return f"{who} served before you, your answer takes about {wait}…"


def cost_line(found: Recommendation) -> str:
    """Pictures and seconds of an answer."""
    parts = [f"{len(found.candidates)} pictures"]
    if total := found.timings_ms.get("total", sum(found.timings_ms.values())):
        parts.append(f"{total / 1000:.1f} s")
    return "Looked at " + ", ".join(parts)


def notice(text: str = "", kind: str = "error") -> str:
    """A sentence under the conversation; errors are announced at once."""
    if not text:
        return ""
    return f'<p class="notice {kind}" role="{"alert" if kind == "error" else "status"}">{escape(text)}</p>'


def choices(others: Sequence[ScoredProduct]) -> list[tuple[str, str]]:
    """Labels for the flag form, with the numbers that the gallery shows, and their ids."""
    apart = telling_apart([item.product for item in others])
    labels = (" · ".join(filter(None, (short_title(one.product), apart[one.product.id]))) for one in others)
    return [
        (f"{place}. {label}", one.product.id) for place, (label, one) in enumerate(zip(labels, others, strict=True), 2)
    ]
