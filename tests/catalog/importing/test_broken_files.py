"""Files that hypothesis breaks: an import is whole, or a sentence; nothing runs, nothing leaves the folder."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.importing.formats.table import text_of
from lavic_chat.catalog.importing.html_text import to_text
from lavic_chat.catalog.importing.importers import import_catalog
from lavic_chat.catalog.importing.picture_cells import pictures_in
from lavic_chat.catalog.importing.urls import clean_url, may_be_fetched
from lavic_chat.dialogue.entities import read_entities
from lavic_chat.errors import CatalogError

HEADERS = (
    "id,title,category,image,price", "Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src,Status",
    "ID,Type,Name,Published,Regular price,Images,Parent", "id,title,image_link,price,availability,gtin",
    "article_id,prod_name,product_type_name", "id,articleType,baseColour,productDisplayName",
)  # fmt: skip
CELLS = st.text(max_size=12) | st.sampled_from(
    (
        "1",
        "a.jpg",
        "../a.jpg",
        "https://x.example/a.jpg",
        "variation",
        "id:1",
        "<b>x",
        "&amp;",
        '"',
        "=1+1",
        "1.299",
        "C:\\a",
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ("id", "title", "name", "@type", "image", "images", "price", "offers", "item_id", "item_name", "main_image_id",
         "hasVariant", "parent_asin", "asin", "also_buy", "details", "image_name", "product_type", "value", "@graph")
    ), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


def attempt(folder: Path, name: str, data: bytes) -> None:
    """Import it: what comes is a catalogue that loads, or one sentence."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        source, made = Path(fresh, "source", name), Path(fresh, "made")
        source.parent.mkdir()
        source.write_bytes(data)
        try:
            import_catalog(source, made, progress=False)
        except CatalogError as error:
            assert "\n" not in str(error) or "\n" in name
            assert not made.exists()
        else:
            catalog = load_catalog(made)
            assert len(catalog) and not [path for path in made.rglob("*") if path.is_symlink()]
        assert sorted(path.name for path in Path(fresh).iterdir()) in (["source"], ["made", "source"])


@given(st.sampled_from(HEADERS), st.lists(st.lists(CELLS, min_size=1, max_size=9), max_size=5), st.booleans())
@settings(max_examples=60)
def test_broken_csv(tmp_path_factory, header, rows, quoted):
    lines = [",".join(f'"{cell}"' if quoted else cell for cell in row) for row in rows]
    text = "\n".join((header, *lines))
    attempt(tmp_path_factory.getbasetemp(), "a.csv", text.encode("utf-8", "surrogatepass"))


NAMES = ("a.csv", "a.json", "a.jsonl", "a.xml", "a.txt", "a.html", "a.zip", "a.json.gz", "a.xlsx", "a.parquet")


@given(st.binary(max_size=300), st.sampled_from(NAMES))
@settings(max_examples=80)
def test_any_bytes(tmp_path_factory, data, name):
    attempt(tmp_path_factory.getbasetemp(), name, data)


@given(VALUES, st.booleans(), st.integers(0, 400))
@settings(max_examples=80)
def test_broken_json(tmp_path_factory, value, is_list, cut):
    text = json.dumps([value, value] if is_list else value)
    attempt(tmp_path_factory.getbasetemp(), "a.json", text[: cut or None].encode())


ELEMENTS = st.sampled_from(("id", "title", "g:image_link", "link", "price", "entry"))


@given(st.lists(st.tuples(ELEMENTS, CELLS), max_size=6), st.integers(0, 200))
@settings(max_examples=60)
def test_broken_xml(tmp_path_factory, parts, cut):
    from xml.sax.saxutils import escape

    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts)
    text = f'<feed xmlns:g="http://base.google.com/ns/1.0"><entry>{inner}</entry><entry>{inner}</entry></feed>'
    attempt(tmp_path_factory.getbasetemp(), "a.xml", text[: len(text) - cut].encode("utf-8", "surrogatepass"))


@given(st.text(max_size=200))
def test_texts_have_no_tags_left_that_were_whole(text):
    assert "<script" not in to_text(f"<script>alert(1)</script><p>{text}").lower() or "<" in text or "&" in text
    assert isinstance(read_entities(text), str)


def test_html_becomes_what_a_reader_sees():
    html = (
        "<style>p{}</style><h2>Sofa</h2><p>For&nbsp;<b>long</b> evenings &amp; guests<br>Oak</p><ul><li>One</li></ul>"
    )
    assert to_text(html) == "Sofa\nFor long evenings & guests\nOak\nOne"
    assert to_text("R&D at 5 < 6 &amp;amp; more") == "R&D at 5 < 6 & more"
    assert to_text("plain\n text") == "plain\n text"


@given(
    st.text(max_size=60)
    | st.sampled_from(("https://ä.example/ö?q=1", "//x.example/a b.jpg", "http://[::1", "https://u:p@x"))
)
def test_an_address_is_clean_or_none(text):
    address = clean_url(text)
    assert address == "" or may_be_fetched(address)


def test_addresses_keep_what_is_encoded():
    assert (
        clean_url("https://x.example/a%20b c.jpg?x=1&copy=2&amp;y=3")
        == "https://x.example/a%20b%20c.jpg?x=1&copy=2&y=3"
    )
    assert clean_url("HTTPS://münchen.example/ä.jpg") == "https://xn--mnchen-3ya.example/%C3%A4.jpg"


def test_pictures_in_any_common_separator():
    two = ["https://x.example/a,b.jpg", "https://x.example/c.jpg"]
    for join in (",", ", ", "|", " | ", ";", "\n", " ", "\t"):
        assert pictures_in(join.join(two)) == two, join
    for join in ("|", ";", ",", ", ", "\n"):
        assert pictures_in(join.join(("a 1.jpg", "b.png"))) == ["a 1.jpg", "b.png"], join
    assert pictures_in("a, b.jpg") == ["a, b.jpg"]
    assert pictures_in(json.dumps(two)) == pictures_in(str(two)) == pictures_in(two) == two
    assert pictures_in([{"hi_res": None, "large": two[0]}, {"url": two[1]}]) == two
    assert pictures_in({"hi_res": [None, two[1]], "large": [two[0], "x"]}) == two
    assert pictures_in(None) == pictures_in("") == pictures_in(7) == []


@pytest.mark.parametrize("part", ["<", "<a", "<!--", "<a b='", "<?", "</", "<div>", "&", "<![CDATA[", "<b><p>"])
def test_hostile_html_takes_no_time(part):
    start = time.process_time()
    to_text(part * (100_000 // len(part)))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text", ["http://a" + " " * 500_000, "a" + ";" * 500_000, "a" + " " * 500_000 + "b", "[" * 200_000 + "]" * 200_000]
)
def test_hostile_cells_take_no_time(text):
    start = time.process_time()
    pictures_in(text)
    assert time.process_time() - start < 2


def test_nested_without_end():
    deep = []
    for _ in range(5_000):
        deep = [deep, {"a": deep}]
    assert text_of(deep) == "" and pictures_in(deep) == []
