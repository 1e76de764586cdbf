"""Who made the models: credits from the library's own licence files, and the ATTRIBUTION.md that gives them."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from .library import Piece

CC0 = ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/")
CC_BY = ("CC-BY-3.0", "https://creativecommons.org/licenses/by/3.0/")
CC_BY_US = ("CC-BY-3.0-US", "https://creativecommons.org/licenses/by/3.0/us/")
LICENSES = dict((CC0, CC_BY, CC_BY_US))
BY_COLLECTION = {"BlendSwap-CC-0": CC0, "BlendSwap-CC-BY": CC_BY, "KatorLegaz": CC_BY_US, "Scopia": CC_BY}

HEAD = """# Attribution

The pictures of this catalogue are renderings of three-dimensional models from the Sweet Home 3D furniture libraries
(Debian package `sweethome3d-furniture`). The models were scaled, lit and rendered for this catalogue, and many of them
were recoloured or given other materials; the names, descriptions and prices of the products are invented. The authors
of the models do not endorse this catalogue. Emmanuel Puybaret / eTeks cleaned the models and converted them to OBJ.

Each model is used under the licence named beside it:

"""


@dataclass(frozen=True)
class Credit:
    """What is owed for one model: its title, author, where it comes from, and the licence."""

    key: str
    title: str
    creator: str
    source: str
    license: str
    collection: str


def credit(piece: Piece) -> Credit:
    """The credit of a piece; a licence file in the model's own folder has the last word."""
    license_name = BY_COLLECTION[piece.collection][0]
    title, source, creator = piece.name, "", piece.creator
    if piece.collection.startswith("BlendSwap"):
        text = _license_text(piece.obj.parent)
        found = re.search(r"blendswap\.com/blends?/(?:view/)?(\d+)", text)
        source = f"https://www.blendswap.com/blend/{found[1]}" if found else ""
        named = re.search(r'downloading "(.+?)" by (.+)|Blend #\d+: *([^\n<]+)|\d{4,6} - ([^\n]+?) - Downloaded', text)
        if named:
            title = next(part for part in (named[1], named[3], named[4]) if part).strip()
        if "Attribution 3.0" in text:
            license_name = CC_BY[0]
    if piece.collection == "Scopia":
        creator = "Scopia Visual Interfaces Systems, s.l. and Emmanuel Puybaret / eTeks"
    if piece.collection == "KatorLegaz":
        creator = "Andrew Kator & Jennifer Legaz"
    home = source or "https://www.sweethome3d.com"
    return Credit(piece.key, " ".join(title.split()), creator, home, license_name, piece.collection)


def _license_text(folder: Path) -> str:
    texts = [path for path in sorted(folder.iterdir()) if "licen" in path.name.lower()]
    return "\n".join(html.unescape(re.sub(r"<(?!a )[^>]*>", "\n", path.read_text("latin-1"))) for path in texts)


def write_attribution(credits: list[Credit]) -> str:
    """The text of ATTRIBUTION.md: one line for every model in use."""
    lines = [HEAD]
    for name, link in LICENSES.items():
        owed = sorted((c for c in credits if c.license == name), key=lambda c: c.key)
        if not owed:
            continue
        lines.append(f"## [{name}]({link})\n\n")
        for item in owed:
            lines.append(f'- "{item.title}" (`{item.key}`, {item.collection}) by {item.creator}, <{item.source}>\n')
        lines.append("\n")
    return "".join(lines).rstrip() + "\n"
