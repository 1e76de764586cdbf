"""Stand-ins for tests of the chat: a tiny drawn catalogue and a recommender that only counts words."""

import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image, ImageDraw

from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.dialogue.history import TURNED_DOWN, History
from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.nlu.intent import Appearance, Intent, Limit
from lavic_chat.nlu.reading import COMPARE
from lavic_chat.recommendation import FoundProduct, Recommendation, RecommendationRequest, ScoredProduct, SearchResult
from lavic_chat.storage.files import write_jsonl

EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
COLOURS = {"red": "#b3372c", "blue": "#35558f", "green": "#4d7a58", "yellow": "#d9a833", "white": "#f4f1ea"}
KINDS = ("armchair", "lamp", "dining table", "sofa")
MATERIALS = ("velvet", "steel", "oak", "linen")


def make_catalog(folder: Path, without_picture: tuple[str, ...] = ()) -> Catalog:
    """Twenty drawn products, every kind in every colour; ids such as "red-lamp"."""
    (folder / "images").mkdir(parents=True)
    products = []
    for place, (kind, material) in enumerate(zip(KINDS, MATERIALS, strict=True)):
        for step, (colour, paint) in enumerate(COLOURS.items()):
            name = f"{colour}-{kind.replace(' ', '-')}"
            if name not in without_picture:
                draw(kind, paint).save(folder / "images" / f"{name}.jpg", quality=85)
            products.append(
                Product(
                    id=name,
                    title=f"{('Harbour', 'Meadow', 'Lantern', 'Juniper', 'Cove')[step]} {kind}",
                    category=kind,
                    images=(f"images/{name}.jpg",),
                    description=f"A {kind}.",
                    attributes={"colour": colour, "material": material},
                    price=49.0 + 60 * place + 7.5 * step,
                )
            )
    write_jsonl(folder / "products.jsonl", [product.to_row() for product in products])
    return load_catalog(folder)


def draw(kind: str, paint: str) -> Image.Image:
    """A picture of 200 x 200 pixels that a person can tell apart."""
    image = Image.new("RGB", (200, 200), "#e9e9e7")
    pen = ImageDraw.Draw(image)
    shapes = {
        "armchair": [(50, 50, 150, 120), (35, 90, 65, 150), (135, 90, 165, 150), (50, 115, 150, 150)],
        "lamp": [(60, 30, 140, 80), (97, 80, 103, 165), (70, 160, 130, 172)],
        "dining table": [(25, 80, 175, 95), (35, 95, 45, 165), (155, 95, 165, 165)],
        "sofa": [(20, 70, 180, 120), (10, 95, 35, 150), (165, 95, 190, 150), (20, 115, 180, 150)],
    }
    for box in shapes[kind]:
        pen.rounded_rectangle(box, 6, fill=paint, outline="#55504a")
    return image


@dataclass
class FakeRecommender:
    """Ranks by how many words of the request a product shares; equal ones keep the catalogue's order.

    "break down" in the latest message raises an unexpected error, "sorry" one with a sentence; "thanks" is answered
    without a pick, and so is "this one", with the title of the product that it is. "to compare" asks for two.
    """

    catalog: Catalog
    model_name: str = "fake-model"
    model_hash: str = "0123456789abcdef"
    device: str = "cpu"
    full_tokens: int = 1312
    delay: float = 0.0
    calls: list[Dialogue] = field(default_factory=list)

    def recommend(self, dialogue: Dialogue, like: str | None = None, filters: Filters = NO_FILTERS) -> Recommendation:
        self.calls.append(dialogue)
        time.sleep(self.delay)
        said = [turn.text for turn in dialogue.turns if turn.role == SEEKER]
        if said and "break down" in said[-1]:
            raise ZeroDivisionError(f"secret: {said[-1]}")
        if said and "sorry" in said[-1]:
            raise LavicError("Nothing on the shelves fits that; try other words.")
        if said and "thanks" in said[-1].lower():
            return Recommendation((), {"understand": 1.0}, intent=intent_of(dialogue), reply="My pleasure.")
        if said and "this one" in said[-1]:
            meant = self.catalog[dialogue.turns[-1].about or dialogue.last_pick or ""]
            return Recommendation((), {"understand": 1.0}, intent=intent_of(dialogue), reply=f"{meant.title} it is.")
        words = set(re.findall(r"\w+", " ".join(said).lower()))
        words -= {word for _, key in dialogue.dropped for word in key.split()}
        if like:  # the kind of thing, and nothing of what was said before
            words = {self.catalog[like].category}
        left = [item for item in self.catalog if item.id not in dialogue.rejected and item.id != like]
        left = [item for item in left if filters.admits(item)]
        if not left:
            raise LavicError("There is nothing left to recommend; start over to see everything again.")
        points = {item.id: len(words & set(re.findall(r"\w+", describe(item)))) for item in left}
        best = sorted(left, key=lambda item: -points[item.id])[:10]
        weights = [4.0 ** points[item.id] / (1 + place) for place, item in enumerate(best)]
        scored = [
            ScoredProduct(item, weight / sum(weights), float(points[item.id]), caption_of(item))
            for item, weight in zip(best, weights, strict=True)
        ]
        scored.sort(key=lambda item: -item.score)
        intent = Intent() if like else intent_of(dialogue)
        intent = replace(intent, asks=COMPARE) if said and "to compare" in said[-1] else intent
        return Recommendation(tuple(scored), {"retrieve": 12.0, "look": 340.0, "total": 352.0}, 50, 420, intent)

    def more_like(self, dialogue: Dialogue, product_id: str, filters: Filters = NO_FILTERS) -> Recommendation:
        return self.recommend(dialogue, product_id, filters)

    def without_looking(self, dialogue: Dialogue, shown: Recommendation) -> Recommendation:
        """All alike, the last one first."""
        even = 1 / len(shown.candidates)
        return Recommendation(tuple(replace(item, score=even, caption="") for item in reversed(shown.candidates)))

    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """More of the kinds of thing that were liked or opened, in the catalogue's order."""
        known = {event.product_id: event.sign for event in history.events}
        kinds = {self.catalog[name].category for name, sign in known.items() if sign != TURNED_DOWN}
        left = [one.id for one in self.catalog if one.category in kinds and one.id not in {*known, *excluded}]
        return tuple(left[:k])

    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """By the words alone, in the catalogue's order without any."""
        left = [item for item in self.catalog if request.filters.admits(item)]
        if not request.dialogue.turns:
            return SearchResult(tuple(FoundProduct(item, 0.0, caption_of(item)) for item in left[:k]))
        said = request.dialogue.turns[-1].text
        if "break down" in said:
            raise ZeroDivisionError(f"secret: {said}")
        points = {item.id: len(set(said.lower().split()) & set(describe(item).split())) for item in left}
        best = sorted(left, key=lambda item: -points[item.id])[:k]
        found = tuple(FoundProduct(item, float(points[item.id]), caption_of(item)) for item in best)
        return SearchResult(found, intent_of(request.dialogue))

    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(caption_of(self.catalog[name]) if name in self.catalog else "" for name in ids)


def intent_of(dialogue: Dialogue) -> Intent:
    """The kinds and colours that were said ("not red" is unwanted), and "under 500", without what was dropped."""
    said = " ".join(turn.text.lower() for turn in dialogue.turns if turn.role == SEEKER)
    intent = Intent(
        kinds=tuple(kind for kind in KINDS if kind in said),
        appearance=tuple(Appearance(name, "colour", f"not {name}" in said) for name in COLOURS if name in said),
        limits=tuple(Limit("price", most=float(price)) for price in re.findall(r"under (\d+)", said)[-1:]),
    )
    for _, key in dialogue.dropped:
        intent = intent.drop(key)
    return intent


def caption_of(product: Product) -> str:
    return f"{product.attributes.get('colour', '')} {product.category}".strip().lower()


def describe(product: Product) -> str:
    return f"{product.title} {product.category} {' '.join(product.attributes.values())}".lower()
