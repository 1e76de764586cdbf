"""HTML to the text that a reader would see; nothing of it is ever run or shown."""

import re

from lavic_chat.catalog.importing.formats.extras import need
from lavic_chat.dialogue.entities import read_entities

BLOCKS = (
    "address,article,aside,blockquote,br,dd,div,dl,dt,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,li,main,nav,ol,p,"
    "pre,section,table,td,th,tr,ul"
)
HIDDEN = ["script", "style", "template", "noscript", "head", "svg", "iframe", "object"]
TAG = re.compile(r"<[A-Za-z/!]")
MAX_HTML = 100_000  # characters that are read


def to_text(value: str) -> str:
    """Plain text of HTML, a line for each block, or of text with entities such as `&amp;`; other text as it is. Raises
    CatalogError where HTML is to be read and its reader is not installed."""
    if "<" not in value and "&" not in value:
        return value
    if TAG.search(value):
        tree = need("selectolax.lexbor", "HTML in texts").LexborHTMLParser(value[:MAX_HTML])
        tree.strip_tags(HIDDEN)
        for block in tree.css(BLOCKS):
            block.insert_before("\n")
            block.insert_after("\n")
        value = tree.body.text() if tree.body else ""
    lines = (" ".join(line.split()) for line in read_entities(value).splitlines())
    return "\n".join(line for line in lines if line)


def scripts_in(page: str, kind: str) -> list[str]:
    """The texts of a page's scripts of a kind. Raises CatalogError as `to_text`."""
    tree = need("selectolax.lexbor", "HTML pages").LexborHTMLParser(page)
    nodes = tree.css("script[type]")
    return [
        node.text() for node in nodes if (node.attributes.get("type") or "").partition(";")[0].strip().lower() == kind
    ]
