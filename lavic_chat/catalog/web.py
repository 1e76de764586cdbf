"""Addresses of the web, judged by their text alone: nothing is asked of any host."""

from urllib.parse import urlsplit

MAX_URL = 2_000  # characters
ID = "{id}"  # stands for a product's id in an address of pages


def may_be_fetched(url: str) -> bool:
    """Whether a text is an address of http or https with a host, and without a name and password."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that stays open
        return False
    plain = len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url
    return named and plain and parts.scheme in ("http", "https")


def is_page_address(text: str) -> bool:
    """Whether a text is the http or https address of products' pages, with {id} in the id's place."""
    return ID in text and may_be_fetched(text.replace(ID, "1"))
