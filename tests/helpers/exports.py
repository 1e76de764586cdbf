"""Twenty products of a furniture shop, written as ten real exports have them: the very columns, the very quirks."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

COLOURS = {"Red": (200, 40, 40), "Green": (40, 140, 60), "Blue": (40, 70, 190), "Oak": (190, 140, 80)}
THINGS = ("Harbour sofa", "Mill armchair", "Beacon table lamp", "Fjord dining table", "Quarry vase")
CATEGORIES = ("Sofas", "Armchairs", "Lamps", "Tables", "Vases")


@dataclass(frozen=True)
class Sold:
    """A variant: five things in four colours; file: its picture's name."""

    number: int
    title: str
    category: str
    colour: str
    price: float

    @property
    def shape(self) -> str:
        return self.title.lower().replace(" ", "-")

    @property
    def sku(self) -> str:
        return f"SKU-{self.number:03d}"

    @property
    def file(self) -> str:
        return f"{self.shape}-{self.colour.lower()}.jpg"

    @property
    def url(self) -> str:
        return f"https://cdn.example.com/files/{self.file}?v=17"

    @property
    def text(self) -> str:
        return f"<p>The <b>{self.title}</b> &amp; its {self.colour.lower()} self.</p>"


SOLD = tuple(
    Sold(5 * place + at, title, CATEGORIES[at], colour, round(1299.5 - 61.05 * (5 * place + at), 2))
    for at, title in enumerate(THINGS)
    for place, colour in enumerate(COLOURS)
)
PLAIN_TEXT = "The Harbour sofa & its red self."


def draw(folder: Path, name: Callable[[Sold], str] = lambda one: one.file) -> None:
    """A picture for each variant."""
    for one in SOLD:
        path = folder / name(one)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), COLOURS[one.colour]).save(path)


def table(header: str, rows: list[dict[str, object]], delimiter: str = ",") -> str:
    """A CSV with exactly these columns; rows name those that they fill."""
    columns = header.split(delimiter)
    unknown = {name for row in rows for name in row} - set(columns)
    assert not unknown, unknown
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option1 Linked To,"
    "Option2 Name,Option2 Value,Option2 Linked To,Option3 Name,Option3 Value,Option3 Linked To,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,"
    "Variant Fulfillment Service,Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,"
    "Unit Price Total Measure,Unit Price Total Measure Unit,Unit Price Base Measure,Unit Price Base Measure Unit,"
    "Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,SEO Title,SEO Description,"
    "Color (product.metafields.shopify.color-pattern),Variant Image,Variant Weight Unit,Variant Tax Code,"
    "Cost per item,Status"
)
SHOPIFY_NEW = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,"
    "Option1 name,Option1 value,Option1 Linked To,Option2 name,Option2 value,Option2 Linked To,Option3 name,"
    "Option3 value,Option3 Linked To,Price,Compare-at price,Cost per item,Charge tax,Tax code,"
    "Unit price total measure,Unit price total measure unit,Unit price base measure,Unit price base measure unit,"
    "Inventory tracker,Inventory quantity,Continue selling when out of stock,Weight value (grams),"
    "Weight unit for display,Requires shipping,Fulfillment service,Product image URL,Image position,Image alt text,"
    "Variant image URL,Gift card,SEO title,SEO description"
)


def shopify(folder: Path) -> Path:
    """Rows by handle, the gallery in the wrong order, one variant out of stock, a draft and an archived product."""
    rows: list[dict[str, object]] = []
    for one in SOLD:
        is_first = one.colour == "Red"
        head = (
            {"Title": one.title, "Body (HTML)": one.text, "Vendor": "Nordhus", "Type": one.category} if is_first else {}
        )
        head |= {"Published": "true", "Option1 Name": "Colour", "Status": "active"} if is_first else {}
        stock = {"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": 0 if one.number == 0 else 7}
        rows.append(
            {"Handle": one.shape, "Option1 Value": one.colour, "Variant SKU": one.sku,
             "Variant Price": f"{one.price:.2f}",
             "Variant Inventory Policy": "deny", "Variant Image": one.url, "Image Src": one.url,
             "Image Position": 4 - list(COLOURS).index(one.colour), **stock, **head}
        )  # fmt: skip
    for place in (6, 5):
        rows.append({"Handle": "harbour-sofa", "Image Src": f"https://cdn.example.com/files/more-{place}.jpg",
                     "Image Position": place})  # fmt: skip
    for status in ("draft", "archived"):
        rows.append({"Handle": status, "Title": status, "Option1 Name": "Title", "Option1 Value": "Default Title",
                     "Variant Price": "1.00", "Published": "true", "Status": status})  # fmt: skip
    return written(folder / "products_export_1.csv", table(SHOPIFY, rows))


def shopify_new(folder: Path) -> Path:
    """The columns since 2025."""
    rows = [
        {"Title": one.title if one.colour == "Red" else "", "URL handle": one.shape, "Description": one.text,
         "Type": one.category, "Published on online store": "TRUE", "Status": "Active" if one.colour == "Red" else "",
         "SKU": one.sku, "Option1 name": "Colour" if one.colour == "Red" else "", "Option1 value": one.colour,
         "Price": f"{one.price:.2f}", "Product image URL": one.url, "Variant image URL": one.url,
         "Inventory tracker": "shopify", "Inventory quantity": 0 if one.number == 0 else 3,
         "Continue selling when out of stock": "DENY"}
        for one in SOLD
    ]  # fmt: skip
    return written(folder / "products.csv", table(SHOPIFY_NEW, rows))


WOOCOMMERCE = (
    "ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,"
    "Date sale price starts,Date sale price ends,Tax status,Tax class,In stock?,Stock,Low stock amount,"
    "Backorders allowed?,Sold individually?,Weight (kg),Length (cm),Width (cm),Height (cm),Allow customer reviews?,"
    "Purchase note,Sale price,Regular price,Categories,Tags,Shipping class,Images,Download limit,"
    "Download expiry days,Parent,Grouped products,Upsells,Cross-sells,External URL,Button text,Position,"
    "Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 1 global"
)


def woocommerce(folder: Path) -> Path:
    """Variable products with a row a variation, prices with a comma, several addresses in a cell, a draft, a sale."""
    rows: list[dict[str, object]] = []
    for at, title in enumerate(THINGS):
        mine = [one for one in SOLD if one.title == title]
        rows.append(
            {"ID": 900 + at, "Type": "variable", "SKU": f"P-{at}", "Name": title, "Published": 1,
             "Visibility in catalog": "visible", "Description": mine[0].text, "In stock?": 1,
             "Categories": f"Home > {mine[0].category}, Sale", "Images": ", ".join([*(one.url for one in mine), "https://cdn.example.com/files/in-a-room.jpg"]),
             "Attribute 1 name": "Colour", "Attribute 1 value(s)": ", ".join(COLOURS), "Length (cm)": 80}
        )  # fmt: skip
        rows += [
            {"ID": 100 + one.number, "Type": "variation", "SKU": one.sku, "Name": f"{title} - {one.colour}",
             "Published": 1,
             "Visibility in catalog": "visible", "In stock?": 0 if one.number == 0 else 1,
             "Regular price": f"{one.price + 100:.2f}".replace(".", ","),
             "Sale price": f"{one.price:.2f}".replace(".", ","),
             "Images": one.url, "Parent": f"id:{900 + at}" if one.number % 2 else f"P-{at}",
             "Attribute 1 name": "Colour",
             "Attribute 1 value(s)": one.colour}
            for one in mine
        ]  # fmt: skip
    rows.append({"ID": 999, "Type": "simple", "Name": "Draft", "Published": -1, "Regular price": "1"})
    return written(folder / "wc-product-export.csv", table(WOOCOMMERCE, rows))


GOOGLE = (
    "id\ttitle\tdescription\tlink\timage link\tadditional image link\tavailability\tprice\tsale price\tbrand\tgtin\t"
    "condition\tgoogle product category\tproduct type\titem group id\tcolor\tsize"
)


def google_rows() -> list[dict[str, object]]:
    return [
        {"id": one.sku, "title": one.title, "description": one.text,
         "link": f"https://nordhus.example/p/{one.number}?a=1&b=2",
         "image link": one.url,
         "additional image link": "https://cdn.example.com/m1.jpg,https://cdn.example.com/m2.jpg",
         "availability": "out_of_stock" if one.number == 0 else "in_stock", "price": f"{one.price + 10:.2f} EUR",
         "sale price": f"{one.price:.2f} EUR", "brand": "Nordhus", "condition": "new",
         "product type": f"Home > {one.category}", "item group id": one.shape, "color": one.colour}
        for one in SOLD
    ]  # fmt: skip


def google_tsv(folder: Path) -> Path:
    return written(folder / "feed.txt", table(GOOGLE, google_rows(), "\t"))


def google_csv(folder: Path) -> Path:
    return written(folder / "feed.csv", table(GOOGLE.replace("\t", ",").replace(" ", "_"), [
        {name.replace(" ", "_"): value for name, value in row.items()} for row in google_rows()
    ]))  # fmt: skip


def elements(row: dict[str, object]) -> str:
    from xml.sax.saxutils import escape

    found = ""
    for name, value in row.items():
        for one in str(value).split(",") if name == "additional image link" else [str(value)]:
            found += f"<g:{name.replace(' ', '_')}>{escape(one)}</g:{name.replace(' ', '_')}>"
    return found


def google_rss(folder: Path) -> Path:
    items = "".join(
        f"<item>{elements(row)}<g:shipping><g:country>DE</g:country></g:shipping></item>" for row in google_rows()
    )
    return written(
        folder / "feed.xml",
        '<?xml version="1.0"?>\n<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">'
        f"<channel><title>Nordhus</title><link>https://nordhus.example</link>{items}</channel></rss>",
    )


def google_atom(folder: Path) -> Path:
    entries = "".join(f"<entry><title>Another</title>{elements(row)}</entry>" for row in google_rows())
    return written(folder / "atom.xml", '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
                   f'xmlns:g="http://base.google.com/ns/1.0"><title>Nordhus</title>{entries}</feed>')  # fmt: skip


def json_ld() -> dict:
    groups = []
    for title in THINGS:
        mine = [one for one in SOLD if one.title == title]
        variants = [
            {"@type": "Product", "sku": one.sku, "name": f"{title}, {one.colour}", "image": [one.url],
             "color": one.colour,
             "offers": {"@type": "Offer", "url": f"https://nordhus.example/p/{one.number}", "priceCurrency": "EUR",
                        "price": one.price, "availability":
                        "https://schema.org/OutOfStock" if one.number == 0 else "https://schema.org/InStock"}}
            for one in mine
        ]  # fmt: skip
        groups.append({"@type": "ProductGroup", "name": title, "productGroupID": mine[0].shape,
        "description": mine[0].text,
                       "brand": {"@type": "Brand", "name": "Nordhus"}, "category": mine[0].category,
                       "hasVariant": variants})  # fmt: skip
    return {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "Nordhus"}, *groups]}


def schema_html(folder: Path) -> Path:
    return written(
        folder / "shop.html",
        "<!doctype html><html><head><title>Nordhus</title>"
        f'<script type="application/ld+json">{json.dumps(json_ld())}</script></head><body>Hi</body></html>',
    )


def schema_json(folder: Path) -> Path:
    return written(folder / "shop.json", json.dumps(json_ld()))


def own_rows() -> list[dict]:
    return [
        {"sku": one.sku, "name": one.title, "category": one.category, "images": f"photos/{one.file}",
         "price": one.price,
         "currency": "EUR", "description": one.text, "colour": one.colour, "in_stock": one.number != 0,
         "item_group_id": one.shape}
        for one in SOLD
    ]  # fmt: skip


def json_list(folder: Path) -> Path:
    draw(folder / "photos")
    return written(folder / "dump.json", json.dumps(own_rows()))


def json_lines(folder: Path) -> Path:
    draw(folder / "photos")
    return written(folder / "dump.jsonl", "\n".join(map(json.dumps, own_rows())))


def excel(folder: Path) -> Path:
    import openpyxl

    draw(folder / "photos")
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    sheet = book.create_sheet("Products")
    sheet.append(list(own_rows()[0]))
    for row in own_rows():
        sheet.append(list(row.values()))
    book.save(folder / "products.xlsx")
    return folder / "products.xlsx"


def parquet(folder: Path) -> Path:
    import pyarrow
    import pyarrow.parquet

    draw(folder / "photos")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(own_rows()), folder / "products.parquet")
    return folder / "products.parquet"


def amazon_berkeley(folder: Path) -> Path:
    """The folder as it is unpacked: gzipped listings in several languages, and a gzipped table of pictures."""
    said = [{"language_tag": "de_DE", "value": "Ding"}]
    listings, images = [], ["image_id,height,width,path"]
    for one in SOLD:
        image = f"8{one.number:09d}L"
        images.append(f"{image},16,16,{one.number:02d}/{one.file}")
        listings.append(
            {"brand": [{"language_tag": "en_US", "value": "Nordhus"}], "item_id": one.sku, "domain_name": "amazon.com",
             "item_name": [*said, {"language_tag": "en_US", "value": one.title}],
             "bullet_point": [{"language_tag": "en_US", "value": one.text}], "main_image_id": image,
             "color": [{"language_tag": "en_US", "standardized_values": [one.colour], "value": one.colour}],
             "product_type": [{"value": one.category.upper()}], "country": "US", "marketplace": "Amazon",
             "item_dimensions": {"height": {"normalized_value": {"unit": "inches", "value": 30}, "unit": "inches",
                                            "value": 30}}, "node": [{"node_id": 1, "node_name": "/Home"}]}
        )  # fmt: skip
    listings.append({**listings[0], "domain_name": "amazon.in"})
    draw(folder / "images" / "small", lambda one: f"{one.number:02d}/{one.file}")
    (folder / "listings" / "metadata").mkdir(parents=True)
    (folder / "images" / "metadata").mkdir(parents=True)
    (folder / "images" / "metadata" / "images.csv.gz").write_bytes(gzip.compress("\n".join(images).encode()))
    for number, part in enumerate((listings[:10], listings[10:])):
        text = "\n".join(map(json.dumps, part)).encode()
        (folder / "listings" / "metadata" / f"listings_{number}.json.gz").write_bytes(gzip.compress(text))
    return folder


def amazon_2018(folder: Path) -> Path:
    rows = [
        {"category": ["Home", one.category], "tech1": "", "description": [one.text], "fit": "", "title": one.title,
         "also_buy": [], "tech2": "", "brand": "Nordhus", "feature": ["Good"], "rank": ["1 in Home"], "also_view": [],
         "main_cat": "Home", "similar_item": "", "date": "", "price": f"${one.price:,.2f}",
         "asin": f"B{one.number:09d}",
         "imageURL": [one.url.replace("files", "small")], "imageURLHighRes": [one.url],
         "details": {"Color:": one.colour, "ASIN: ": "x"}}
        for one in SOLD
    ]  # fmt: skip
    (folder / "meta_Home.json.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return folder / "meta_Home.json.gz"


def amazon_2023(folder: Path) -> Path:
    rows = [
        {"main_category": "Home", "title": one.title, "average_rating": 4.5, "rating_number": 9, "features": ["Good"],
         "description": [one.text], "price": one.price, "images": [{"thumb": f"{one.url}t", "large": f"{one.url}l",
         "variant": "MAIN", "hi_res": one.url}], "videos": [], "store": "Nordhus", "categories": ["Home", one.category],
         "details": {"Color": one.colour}, "parent_asin": f"B{one.number:09d}", "bought_together": None}
        for one in SOLD
    ]  # fmt: skip
    rows.append({**rows[0], "parent_asin": "BNONE", "title": "", "price": None})
    return written(folder / "meta_Home.jsonl", "\n".join(map(json.dumps, rows)))


HM = (
    "article_id,product_code,prod_name,product_type_no,product_type_name,product_group_name,graphical_appearance_no,"
    "graphical_appearance_name,colour_group_code,colour_group_name,perceived_colour_value_id,"
    "perceived_colour_value_name,perceived_colour_master_id,perceived_colour_master_name,department_no,"
    "department_name,index_code,index_name,index_group_no,index_group_name,section_no,section_name,garment_group_no,"
    "garment_group_name,detail_desc"
)


def hm(folder: Path) -> Path:
    """With one article whose zero a spreadsheet took away."""
    number = {one: 108775000 + one.number for one in SOLD}
    rows: list[dict[str, object]] = [
        {"article_id": f"{number[one]}" if one.number == 3 else f"0{number[one]}",
         "product_code": f"01087{THINGS.index(one.title)}",
         "prod_name": one.title, "product_type_name": one.category, "colour_group_name": one.colour,
         "graphical_appearance_name": "Solid", "detail_desc": one.text}
        for one in SOLD
    ]  # fmt: skip
    draw(folder / "images", lambda one: f"010/0{number[one]}.jpg")
    written(folder / "customers.csv", "customer_id,age\n1,2\n")
    written(folder / "articles.csv", table(HM, rows))
    return folder


def kaggle(folder: Path) -> Path:
    """With a name that holds a comma, and no quotes around it, as the file has some."""
    header = "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName"
    lines = [
        f"{1163 + one.number},Women,Home,Rooms,{one.category},{one.colour},Fall,2011,Casual,{one.title}" for one in SOLD
    ]
    lines[4] = lines[4] + ", with arms"
    draw(folder / "images", lambda one: f"{1163 + one.number}.jpg")
    return written(folder / "styles.csv", "\n".join((header, *lines)) + "\n")


def reddit_amazon(folder: Path) -> Path:
    rows = {
        f"B{one.number:09d}": {"title": one.title, "categories": ["Home", one.category], "features": [],
        "price": str(one.price),
                               "description": [], "images": ["https://m.example.com/a.jpg"], "store": "Nordhus",
                               "details": {"Color": one.colour},
                               "image_descriptions_llava_cleaned": {f"B{one.number:09d}_0.jpg": one.text}}
        for one in SOLD
    }  # fmt: skip
    draw(folder / "train_images", lambda one: f"B{one.number:09d}_0.jpg")
    return written(folder / "item2meta_train.json", json.dumps(rows))


def zipped(folder: Path) -> Path:
    """A CSV with its pictures, in a folder of the zip, beside what a Mac adds."""
    (inner := folder / "inner").mkdir()
    draw(inner / "photos")
    columns = list(own_rows()[0])
    written(inner / "products.csv", table(",".join(columns), own_rows()))
    with zipfile.ZipFile(folder / "shop.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/shop/._products.csv", "x")
        for path in inner.rglob("*"):
            if path.is_file():
                archive.write(path, f"shop/{path.relative_to(inner)}")
    return folder / "shop.zip"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path
