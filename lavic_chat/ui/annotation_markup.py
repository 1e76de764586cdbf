"""The annotation page's HTML: a conversation, ten numbered pictures, what to press."""

from collections.abc import Sequence
from html import escape

from lavic_chat.dialogue.reddit_amazon import parse_context
from lavic_chat.dialogue.turns import SEEKER, Turn
from lavic_chat.feedback.annotation import FLAGGED, Progress, Task
from lavic_chat.ui.links import BLANK, Links
from lavic_chat.ui.markup import invitation
from lavic_chat.ui.replies import short_title

KEYS = "1234567890"  # of the candidates, in the order of their scores
MOST_TURNS, LONGEST_TURN = 30, 1_000


def welcome(has_login: bool) -> str:
    """What stands there before anybody has signed in; has_login: a name needs its password."""
    return invitation(
        "Which one was right?",
        "Turns that shoppers flagged, and those that the model was unsure of, come one after the other: read the "
        "conversation, press the number of the right product.",
        has_login,
    )


def task(found: Task | None, progress: Progress, links: Links) -> str:
    """The turn to judge with its candidates, and how far along the annotator is."""
    if not found:
        return (
            f'<div class="desk" data-turn="">{bar(progress)}<div class="desk-hello"><h2>All done.</h2>'
            "<p>Nothing is left to judge; look again when shoppers have flagged more.</p>"
            f"{button('next', 'r', 'Look again')}{button('undo', 'u', 'Undo the last one')}</div></div>"
        )
    turn = found.turn
    tiles = "".join(
        tile(place, product_id, score, product_id == turn.pick, links)
        for place, (product_id, score) in enumerate(turn.candidates[: len(KEYS)])
    )
    why = "A shopper flagged this pick" if found.why == FLAGGED else "The model was unsure of this pick"
    reason = f": {escape(turn.reason)}" if turn.reason else ""
    right = f" Right, they said: {escape(name_of(turn.correct, links))}." if turn.correct else ""
    return (
        f'<div class="desk" data-turn="{escape(turn.turn_id)}">{bar(progress)}'
        f'<section class="asked"><p class="why">{why}{reason}.{right}</p>'
        f'<ol class="log">{conversation(turn.context)}</ol></section><ul class="tiles judge">{tiles}</ul>'
        f'<p class="desk-foot">{button("none", "n", "None of these")}{button("skip", "s", "Skip")}'
        f"{button('undo', 'u', 'Undo')}</p></div>"
    )


def troubles(sentences: Sequence[str], has_login: bool) -> str:
    """What is amiss with the disk. The sentences name files, so that without a login only their number is told."""
    if not sentences:
        return ""
    if not has_login:
        sentences = (f"Not all can be kept on this server's disk: {len(sentences)} things, which its log tells of.",)
    return f'<ul class="troubles" role="status">{"".join(f"<li>{escape(one)}</li>" for one in sentences)}</ul>'


def bar(progress: Progress) -> str:
    """What the annotator has done, what is left, and how far annotators agree."""
    agreed = ""
    if progress.agreement is not None:
        agreed = f"<span>annotators agree in {progress.agreement:.0%} of {progress.compared}</span>"
    skipped = f", {progress.skipped:,} skipped" if progress.skipped else ""
    return (
        f'<p class="progress" role="status"><span>{progress.scored:,} judged{skipped}</span>'
        f"<span>{progress.left:,} left</span>{agreed}</p>"
    )


def conversation(context: str) -> str:
    """The newest MOST_TURNS turns of a conversation in the Reddit-Amazon form."""
    turns = parse_context(context).turns[-MOST_TURNS:] or (Turn(SEEKER, "(only a photo, which is not kept)"),)
    return "".join(map(message, turns))


def message(turn: Turn) -> str:
    """One turn, cut to LONGEST_TURN characters."""
    who, author = ("shopper", "Shopper") if turn.role == SEEKER else ("bot", "LaViC")
    text = escape(turn.text[:LONGEST_TURN])
    return f'<li class="{who}"><span class="sr">{author}: </span><p dir="auto">{text}</p></li>'


def tile(place: int, product_id: str, score: float, is_pick: bool, links: Links) -> str:
    """A candidate as a button with its key; place: from 0, score: its probability from 0 to 1."""
    known = product_id in links.catalog
    picture = links.picture(links.catalog[product_id]) if known else BLANK
    name = escape(name_of(product_id, links))
    mark = "<b>the pick</b>" if is_pick else ""
    return (
        f'<li><button type="button" class="tile{" picked" if is_pick else ""}" data-act="judge" '
        f'data-id="{escape(product_id)}" data-key="{KEYS[place]}"><span class="frame">'
        f'<img src="{picture}" alt="{name}"><i>{KEYS[place]}</i></span>'
        f'<span class="name" dir="auto" aria-hidden="true">{name}</span>'
        f'<span class="price">{100 * score:.0f} % {mark}</span></button></li>'
    )


def name_of(product_id: str, links: Links) -> str:
    """A product's title, or its id where the catalogue does not have it any more."""
    return (
        short_title(links.catalog[product_id])
        if product_id in links.catalog
        else f"{product_id} (not in the catalogue)"
    )


def button(act: str, key: str, text: str) -> str:
    """A button for one of the other acts, with its key."""
    return f'<button type="button" data-act="{act}" data-key="{key}">{text} <kbd>{key}</kbd></button>'
