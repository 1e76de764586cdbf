"""What tells the variants of one product apart, and which attributes are the shop's books alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import count, stems_of

# Names of attributes as shops write them, without spaces, dashes and case.
BOOKKEEPING = frozenset(
    ("sku", "tag", "tags", "barcode", "ean", "gtin", "gtin8", "gtin12", "gtin13", "gtin14", "isbn", "upc", "mpn",
     "asin", "productid", "variantid", "parentid", "itemid", "itemgroupid", "vendorid", "vendorcode", "supplierid",
     "handle", "variantsku", "variantbarcode", "itemnumber", "articlenumber", "articleid", "articlecode",
     "googleproductcategory", "taxcode", "hscode")
)  # fmt: skip
SIZES = frozenset(("size", "sizes", "dimension", "dimensions", "measurements", "volume", "capacity", "shoesize"))
FIRST = ("colour", "color", "size")  # of what differs, people go by these
MOST_DIFFERING, LONGEST = 2, 32  # values, and characters of one


def attributes_for_people(product: Product) -> dict[str, str]:
    """Those that are not empty and say something of the thing, in the shop's order."""
    pairs = ((str(name), str(value).strip()) for name, value in product.attributes.items())
    return {name: value for name, value in pairs if value and plain_name(name) not in BOOKKEEPING}


def plain_name(name: str) -> str:
    """An attribute's name without spaces, dashes and case: "Variant SKU" and "variant_sku" are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def differing(product: Product, variants: Iterable[Product]) -> tuple[str, ...]:
    """A product's values of the attributes in which any of its variants is another, colour and size first; none that is
    a text rather than a value. variants: the product may be among them."""
    own = attributes_for_people(product)
    others = [attributes_for_people(one) for one in variants]
    names = [name for name, value in own.items() if any(other.get(name, value) != value for other in others)]
    names.sort(key=lambda name: FIRST.index(name.casefold()) if name.casefold() in FIRST else len(FIRST))
    return tuple(dict.fromkeys(own[name] for name in names if len(own[name]) <= LONGEST))


def variant_title(product: Product, variants: Sequence[Product], wanted: Sequence[str] = ()) -> str:
    """A title that is no other variant's: "Aalto sofa in orange", by what was asked of its values, else by what differs
    most plainly, else as it was asked for; the title alone where there are no others. wanted: words for its look."""
    words = variant_words(product, variants, wanted)
    return f"{product.title} in {words}" if words else product.title


def variant_words(product: Product, variants: Sequence[Product], wanted: Sequence[str] = ()) -> str:
    """Which of its variants a product is, "orange, 36", as `variant_title` says it; "" where there are no others, or
    its title says it already."""
    if all(one.id == product.id for one in variants):
        return ""
    known, asked = stems_of(product.title), stems_of(" ".join(wanted))
    values = [value for value in differing(product, variants) if not (stem := stems_of(value)) or not stem <= known]
    named = [value for value in values if stems_of(value) & asked] or values[:MOST_DIFFERING]
    words = [lowered(value) for value in named] or [" ".join(word for word in wanted if not stems_of(word) <= known)]
    return ", ".join(filter(None, words))


def lowered(value: str) -> str:
    """A value inside a sentence: "Dark Orange" as "dark orange", "XL" as it is."""
    return value.lower() if value.istitle() else value


def telling_apart(products: Sequence[Product]) -> Mapping[str, str]:
    """Product id -> what tells it from the others here that have its title, "orange · 36"; "" where no other has it, or
    nothing does."""
    named: dict[str, list[Product]] = {}
    for product in products:
        named.setdefault(" ".join(product.title.split()), []).append(product)
    return {
        one.id: " · ".join(differing(one, same)[:MOST_DIFFERING]) for same in named.values() for one in same
    }  # fmt: skip


def variants_among(products: Iterable[Product]) -> list[Product]:
    """Those that share their shape with another, in their order."""
    listed = list(products)
    often = Counter(one.shape for one in listed if one.shape)
    return [one for one in listed if often[one.shape] > 1]


def count_families(products: Iterable[Product]) -> int:
    """How many products there are, counting those of one shape once."""
    return len({(one.shape, "" if one.shape else one.id) for one in products})


def products_and_variants(variants: int, families: int) -> str:
    """So many in words: "12 products, 31 variants", or "12 products" where each is the only one of its shape."""
    counted = count(families, "product")
    return f"{counted}, {count(variants, 'variant')}" if variants > families else counted


def sharing_pictures(products: Iterable[Product], main_picture: Mapping[str, str]) -> list[Product]:
    """The variants whose main picture is that of another variant of their shape, from which not the size alone tells
    them. main_picture: product id -> what is the same for one picture; ids without one are left out."""
    same: dict[tuple[str, str], list[Product]] = {}
    variants = variants_among(products)
    for one in variants:
        if picture := main_picture.get(one.id, ""):
            same.setdefault((one.shape, picture), []).append(one)
    sharing = {one.id for group in same.values() if len(group) > 1 and not differ_in_size(group) for one in group}
    return [one for one in variants if one.id in sharing]


def differ_in_size(variants: Sequence[Product]) -> bool:
    """Whether variants are told apart by their sizes, and by no other attribute."""
    sizes, others = set(), set()
    for one in variants:
        named = [(plain_name(name), value) for name, value in attributes_for_people(one).items()]
        sizes.add(tuple(value for name, value in named if name in SIZES))
        others.add(tuple(sorted(pair for pair in named if pair[0] not in SIZES)))
    return len(sizes) > 1 and len(others) == 1


def sharing_sentence(number: int) -> str:
    """What it means that so many variants share their pictures, and what to do."""
    return (
        f"{number:,} variants show the same picture as another variant of their product: colours "
        "and materials need a picture each to be told apart."
    )


def pictureless_sentence(number: int) -> str:
    """What it means that so many variants have no picture, and what to do."""
    have = count(number, "variant has", "variants have")
    return f"{have} no picture at all and cannot be found by looks; give each one of its own."
