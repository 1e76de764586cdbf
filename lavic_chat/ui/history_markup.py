"""The HTML of what a visitor's history brings: a row of products they may also like, and what becomes of it.

Whatever comes from a catalogue passes `escape` here.
"""

from collections.abc import Sequence
from html import escape

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.history import History
from lavic_chat.ui.links import Links
from lavic_chat.ui.replies import short_title

HEART = (
    '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="M12 20.3 4.6 13a4.9 4.9 0 0 1 0-6.9 '
    '4.9 4.9 0 0 1 6.9 0l.5.6.5-.6a4.9 4.9 0 0 1 6.9 0 4.9 4.9 0 0 1 0 6.9z"/></svg>'
)
FORGET = '<button type="button" data-act="forget">Forget</button>'


def heart(product: Product, history: History) -> str:
    """The button that likes a product, and takes the like back."""
    is_liked = "true" if product.id in history.liked else "false"
    return (
        f'<button type="button" class="heart" data-act="like" data-id="{escape(product.id)}" '
        f'aria-pressed="{is_liked}" aria-label="I like this" title="I like this">{HEART}</button>'
    )


def also_like(products: Sequence[Product], links: Links) -> str:
    """The row, each product a button that asks for more like it; nothing where there are none."""
    if not products:
        return ""
    tiles = "".join(tile(product, links) for product in products)
    return (
        '<section class="also"><h3>You may also like <span>choose one to see more like it</span></h3>'
        f'<ul class="tiles">{tiles}</ul></section>'
    )


def tile(product: Product, links: Links) -> str:
    """One product of the row."""
    title = escape(short_title(product))
    return (
        f'<li><button type="button" class="tile" data-act="alike" data-id="{escape(product.id)}" title="{title}">'
        f'<span class="frame"><img src="{links.picture(product)}" alt="More like the {title}" loading="lazy"></span>'
        f'<span class="name" dir="auto" aria-hidden="true">{title}</span>'
        f'<span class="price">{escape(links.price(product))}</span></button></li>'
    )


def keeping(history: History, is_kept: bool) -> str:
    """What becomes of the history, and the buttons that change it; is_kept: in this browser, as the visitor agreed."""
    if is_kept:
        return f'<p class="keeping"><span>What you like is remembered in this browser only.</span>{FORGET}</p>'
    if not history:
        return ""
    return (
        '<p class="keeping"><span>What you like is forgotten when you leave.</span>'
        f'<button type="button" data-act="remember">Remember what I like in this browser</button>{FORGET}</p>'
    )
