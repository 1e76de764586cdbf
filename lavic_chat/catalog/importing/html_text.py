"""HTML to the text that a reader would see, with the standard library's parser; nothing of it is ever run or shown."""

from html.parser import HTMLParser

from lavic_chat.dialogue.entities import read_entities

BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "table", "td", "th", "tr", "ul",
))  # fmt: skip
HIDDEN = frozenset(("script", "style", "template", "noscript", "head", "svg", "iframe", "object"))
MAX_HTML = 200_000  # characters that are read


class TextReader(HTMLParser):
    """Collects what is to be read, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """See HTMLParser."""
        self.hidden += tag in HIDDEN
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        self.hidden = max(0, self.hidden - (tag in HIDDEN))
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """See HTMLParser."""
        if not self.hidden:
            self.parts.append(" ".join(f"|{data}|".split())[1:-1])


def to_text(value: str) -> str:
    """Plain text of HTML, or of text with entities such as `&amp;`; other text as it is."""
    if "<" not in value and "&" not in value:
        return value
    if "<" in value:
        reader = TextReader()
        reader.feed(value[:MAX_HTML])
        reader.close()
        value = "".join(reader.parts)
    lines = (" ".join(line.split()) for line in read_entities(value).splitlines())
    return "\n".join(line for line in lines if line)
