"""Captions from what a catalogue knows of a product: what stage 1 and the retriever learn from. Seeded."""

import random

from lavic_chat.catalog import Product

APPEARANCE = ("shade", "colour", "pattern", "material", "style")


def caption(product: Product, rng: random.Random) -> str:
    """One of many wordings of what the picture shows: "a rust velvet armchair", "armchair, in green"."""
    appearance = product.attributes
    kind = appearance.get("type") or product.category.lower()
    colour = rng.choice([appearance[key] for key in ("colour", "shade") if appearance.get(key)] or [""])
    material, style = appearance.get("material", ""), appearance.get("style", "")
    words = [style if rng.random() < 0.25 else "", colour, material if rng.random() < 0.6 else "", kind]
    plain = " ".join(word for word in words if word)
    forms = [
        with_article(plain),
        with_article(plain),
        f"{kind}, {colour or style or material}",
        f"{with_article(kind)} in {colour or material or 'plain colours'}" + (f", {material}" if material else ""),
        f"{colour or style} {kind}".strip() + (f" made of {material}" if material else ""),
    ]
    return rng.choice(forms).strip(" ,")


def appearance_caption(product: Product, with_kind: bool = True) -> str:
    """What there is to say of a product's picture, most certain first: "brown (cognac) leather sofa, striped"; or
    without the kind of thing, as chat uses it."""
    appearance = product.attributes
    colour, shade, material = (appearance.get(key, "") for key in ("colour", "shade", "material"))
    material = "wood" if material and material == shade else material  # the shade has said which
    words = [colour, f"({shade})" if shade not in ("", colour) else "", material]
    pattern = appearance.get("pattern", "plain")
    kind = appearance.get("type") or product.category.lower()
    words.append(kind if with_kind else "")
    return " ".join(filter(None, words)) + (f", {pattern}" if pattern != "plain" else "")


def knows_appearance(product: Product) -> bool:
    """Whether there is more to say of its pictures than what kind of thing they show."""
    return any(product.attributes.get(key) for key in APPEARANCE)


def caption_words(product: Product) -> str:
    """The words that a product's five tokens should point to: its appearance and its type."""
    appearance = [product.attributes.get(key, "") for key in ("colour", "shade", "material", "pattern", "type")]
    return " ".join(word for word in appearance if word not in ("", "plain")) or product.category.lower()


def with_article(words: str) -> str:
    """ "a sofa", "an armchair"."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def colours_of(product: Product) -> list[str]:
    """Its colour and shade."""
    return [product.attributes[key] for key in ("colour", "shade") if product.attributes.get(key)]
