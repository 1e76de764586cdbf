"""Stable names that say nothing of the look: product ids, series names, and the split a shape belongs to."""

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def number(*parts: str) -> int:
    """A large number that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big")


def product_id(key: str, look: str) -> str:
    """`LV` and six letters or digits for a shape in a look; the same on every run and every machine."""
    value = number("product", key, look)
    return "LV" + "".join(ALPHABET[value >> 5 * place & 31] for place in range(6))
