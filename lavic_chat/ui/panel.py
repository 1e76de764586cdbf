"""Two products compared side by side, and the inspection: what the model looked at, what it cost, what it changed."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import exp

from lavic_chat.catalog.variants import attributes_for_people
from lavic_chat.recommendation import Recommendation, ScoredProduct
from lavic_chat.ui.links import Links
from lavic_chat.ui.replies import FROM_PICTURE, appearance_lines, short_title
from lavic_chat.ui.session import Session

BACK = '<button type="button" class="back" data-act="choose" data-id="">Back to the pick</button>'
MOST_ROWS, LONGEST_CELL = 10, 80


def comparison(session: Session, links: Links) -> str:
    """The pick and the runner-up side by side, and what tells them apart; nothing where the session shows none."""
    found, shown = session.recommendation, session.shown
    if not found or not shown:
        return ""
    pair = (found.pick, shown)
    figures = "".join(
        f'<figure><img src="{links.picture(item.product)}" alt="{escape(short_title(item.product))}"><figcaption '
        f'dir="auto">{escape(short_title(item.product))}</figcaption></figure>'
        for item in pair
    )
    known = [dict(facts(item, links)) for item in pair]
    names = list(dict.fromkeys([*known[0], *known[1]]))
    apart = [name for name in names if known[0].get(name) != known[1].get(name)][:MOST_ROWS]
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(cell(each.get(name, "")) for each in known)}</tr>'
        for name in apart
    )
    same = [f"{name} {known[0][name]}" for name in names if name not in apart and name in known[0]][:MOST_ROWS]
    both = f'<p class="same">The same in both: {escape(", ".join(same))}</p>' if same else ""
    return (
        f'<article class="compare{" waiting" if session.pending else ""}"><p class="badge"><span>My pick</span> and '
        f'No. {found.candidates.index(shown) + 1} {BACK}</p><div class="pair">{figures}</div>'
        f"<table><tbody>{rows}</tbody></table>{both}</article>"
    )


def cell(value: str) -> str:
    """A table cell; an empty value is one that is not known."""
    return f'<td dir="auto">{escape(value) or "<i>not known</i>"}</td>'


def facts(item: ScoredProduct, links: Links) -> Iterator[tuple[str, str]]:
    """(name, value) of what can be compared."""
    product = item.product
    yield "price", links.price(product)
    yield "category", product.category
    for name, value in attributes_for_people(product).items():
        yield name[:LONGEST_CELL], value[:LONGEST_CELL]
    if seen := item.seen if item.stated else item.caption:
        yield "seen in the picture", seen[:LONGEST_CELL]
    yield "score", f"{100 * item.score:.0f} %"


def inspection(session: Session, links: Links, full_tokens: int) -> str:
    """Every candidate with its score and what was seen, what the visitor's history did where one was used, the tokens
    that looking took, and the time of each step."""
    found = session.recommendation
    if not found:
        return ""
    without = {item.product.id: item.score for item in session.blind.candidates} if session.blind else {}
    has_history = any(item.prior for item in found.candidates)
    rows = "".join(
        row(item, links, [*([factor(item.prior)] if has_history else []), *shares(item, without)])
        for item in found.candidates
    )
    names = (["your history"] if has_history else []) + ["score"] + (["without looking"] if without else [])
    head = "".join(f"<th>{name}</th>" for name in names)
    return (
        f'<details class="looked{" waiting" if session.pending else ""}"{" open" if session.blind else ""}>'
        f"<summary>What did it look at?</summary><p>{token_sentence(found, full_tokens)} {timing_sentence(found)} "
        f"By {escape(links.model_name)} on {escape(links.device)}.</p>"
        f"<table><thead><tr><th></th><th>candidate, and what is seen</th>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        f'<p class="blind">{ablation_sentence(session)}</p></details>'
    )


def factor(prior: float) -> str:
    """What the visitor's history multiplied a candidate's odds by."""
    return f"×{exp(prior):.2f}"


def shares(item: ScoredProduct, without: Mapping[str, float]) -> list[str]:
    """A candidate's probability, and the one without pictures where that was asked for."""
    known = (item.score, without.get(item.product.id))
    return [f"{100 * share:.0f} %" for share in known if share is not None]


def row(item: ScoredProduct, links: Links, figures: Sequence[str]) -> str:
    """A candidate's line, with its figures."""
    caption = "".join(
        f"<small>{'' if source == FROM_PICTURE else f'{source}: '}{escape(words[:LONGEST_CELL])}</small>"
        for source, words in appearance_lines(item)
    )
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    return (
        f'<tr><td><img src="{links.picture(item.product)}" alt="" loading="lazy"></td>'
        f'<td dir="auto">{escape(short_title(item.product))}{caption}</td>{cells}</tr>'
    )


def token_sentence(found: Recommendation, full_tokens: int) -> str:
    """What looking cost, against every token of the pictures."""
    all_of_them = full_tokens * len(found.candidates)
    return f"{found.visual_tokens:,} visual tokens for {len(found.candidates)} pictures; read in full, {all_of_them:,}."


def timing_sentence(found: Recommendation) -> str:
    """Milliseconds of each step that took any."""
    steps = [f"{escape(step)} {ms:,.0f} ms" for step, ms in found.timings_ms.items() if step != "total" and ms >= 0.5]
    return f"Time: {', '.join(steps)}." if steps else ""


def ablation_sentence(session: Session) -> str:
    """What the pictures changed, or the button that finds out."""
    if not session.blind:
        return '<button type="button" data-act="blind">Answer without looking at the pictures</button>'
    pick = session.blind.pick
    if session.pick and pick.product.id == session.pick.id:
        return "Without looking, the pick would have been the same."
    return f"Without looking, the pick would have been the {escape(short_title(pick.product))}."
