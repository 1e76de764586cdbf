"""What programs and agents may ask of the products themselves: find_products, product, compare.

None of these asks the large model. Every call says everything; nothing is kept of it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from lavic_chat.catalog.facts import (
    all_facts,
    brief_facts,
    chosen_products,
    compare_facts,
    currency_in,
    product_of,
    reachable,
)
from lavic_chat.catalog.filters import Filters, check_categories, read_price
from lavic_chat.catalog.product import Catalog
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import CatalogError
from lavic_chat.recommendation import RecommendationRequest
from lavic_chat.ui.clients import Clients
from lavic_chat.ui.failures import SORRY, sentence
from lavic_chat.ui.session import Recommender

FEWEST, MOST = 1, 50  # products of one answer
SEARCHES_AT_ONCE = 4  # threads that search
ID: dict[str, Any] = {"type": "string"}  # JSON schemas
ID_AND_SCORE: dict[str, Any] = {"type": "array", "items": {"anyOf": [ID, {"type": "number"}]}}
CATEGORIES = "The categories must be a list of texts; leave the list empty for all of them."
NUMBER = "k must be a whole number from 1 to 50."


class ProductApi:
    """Three endpoints on components that nobody sees."""

    def __init__(self, recommender: Recommender, clients: Clients, currency: str = ""):
        """currency: of prices for which neither product nor catalogue names one."""
        self.recommender, self.clients, self.usual = recommender, clients, currency

    def lay_out(self) -> None:
        """Make the components and bind the endpoints. What only looks something up waits in no queue."""
        with gr.Row(visible=False):
            query, category = gr.Textbox("", label="query"), gr.Textbox("", label="category")
            least, most = gr.Textbox("", label="least_price"), gr.Textbox("", label="most_price")
            k, product_id, ids = (
                gr.Number(10, label="k", precision=0),
                gr.Textbox(label="id"),
                json_list("ids", ID),
            )
            answer, trigger = gr.JSON(label="answer"), gr.Button()
        queued: dict[str, Any] = {"concurrency_limit": SEARCHES_AT_ONCE, "concurrency_id": "search"}
        trigger.click(self.find_products, [query, category, least, most, k], answer, api_name="find_products", **queued)
        trigger.click(self.product, [product_id], answer, api_name="product", queue=False)
        trigger.click(self.compare, [ids], answer, api_name="compare", queue=False)

    def find_products(
        self, query: str, category: str, least_price: str, most_price: str, k: float, caller: gr.Request
    ) -> dict:
        """Search the shop: the products nearest to a query, within filters, the nearest first, at once and without
        asking the model that looks at pictures. Use `recommend` to have one of them picked. What is out of stock is
        left out. Each product comes with id, title, category, price, currency, in_stock, link, caption (what its
        picture shows, in the model's words), attributes, similarity, and not_met (what of the query it does not meet);
        intent is what was understood of the query.

        Parameters:
            query: What is looked for, such as "a green velvet sofa under 500"; empty lists what the filters let pass.
            category: One of the shop's categories, as it is written there; empty for all.
            least_price: The lowest price, such as "100"; empty for none.
            most_price: The highest price, such as "499.90"; empty for none.
            k: How many products at most, 1 to 50.
        """
        with errors_as_sentences():
            request, count = self.read_query(query, category, (least_price, most_price)), read_count(k)
            with self.clients.question(self.clients.of(caller)):
                found = self.recommender.search(request, count)
            rows = [
                {
                    **reachable(self.recommender.catalog, brief_facts(one.product, self.currency, one.caption)),
                    "similarity": round(float(one.similarity), 4),
                    "not_met": list(one.gave_way),
                }
                for one in found.products
            ]
            return {"products": rows, "intent": found.intent.to_json()}

    def product(self, id: str, caller: gr.Request) -> dict:
        """All that the shop knows of one product: title, category, price, currency, in_stock, link, caption (what its
        picture shows, in the model's words), attributes, description, addresses of its pictures, credits, and how many
        of its category are cheaper.

        Parameters:
            id: The product's id, as answers of find_products and recommend have it.
        """
        with errors_as_sentences():
            self.clients.lookup(self.clients.of(caller))
            product = product_of(self.recommender.catalog, id)
            (caption,) = self.recommender.captions([product.id])
            return all_facts(self.recommender.catalog, product, self.currency, caption)

    def compare(self, ids: list | None, caller: gr.Request) -> dict:
        """Two or three products side by side: the facts of each, what is the same in all, and what differs, a value for
        each in the order of the ids, null where it is not known.

        Parameters:
            ids: Two or three different ids of products.
        """
        with errors_as_sentences():
            self.clients.lookup(self.clients.of(caller))
            chosen = chosen_products(self.recommender.catalog, ids)
            captions = self.recommender.captions([one.id for one in chosen])
            pairs = zip(chosen, captions, strict=True)
            facts = ({**brief_facts(one, self.currency, said), "description": one.description} for one, said in pairs)
            return compare_facts([reachable(self.recommender.catalog, one) for one in facts])

    @property
    def currency(self) -> str:
        """Of prices whose products name none."""
        return currency_in(self.recommender.catalog, self.usual)

    def read_query(self, query: str, category: str, prices: tuple[str, str]) -> RecommendationRequest:
        """What `find_products` searches for; raises LavicError for what cannot be, such as a category that is not
        there, with those that are."""
        dialogue = Dialogue().say(query) if (query or "").strip() else Dialogue()
        names = list(filter(None, [(category or "").strip()]))
        return RecommendationRequest(dialogue, filters=read_filters(names, prices, self.recommender.catalog))


def json_list(label: str, items: dict[str, Any]) -> gr.JSON:
    """A component for a list, as API and tools describe it: Gradio's own JSON says nothing that a JSON schema may say,
    and a class of ours would make Gradio write a file beside it. items: the schema of each."""
    component, schema = gr.JSON(label=label), {"type": "array", "items": items}
    vars(component)["api_info"] = lambda: schema
    return component


def read_filters(names: object, prices: tuple[str, str], catalog: Catalog) -> Filters:
    """Categories, a list of texts or None, and the lowest and the highest price as they are written. Raises
    CatalogError for anything else, for a category that is not there, with those that are, and for what is no price."""
    listed = [] if names is None else names
    if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
        raise CatalogError(CATEGORIES)
    categories = frozenset(map(str, listed))
    check_categories(categories, catalog)
    return Filters(categories, *map(read_price, prices))


def read_count(k: object) -> int:
    """How many are asked for. Raises CatalogError for what is no number from 1 to MOST."""
    if not isinstance(k, int | float) or not FEWEST <= k <= MOST or k != int(k):
        raise CatalogError(NUMBER)
    return int(k)


@contextmanager
def errors_as_sentences(sorry: str = SORRY) -> Generator[None]:
    """Raises `gr.Error` for what goes wrong: what can be mended is told in its sentence, everything else politely."""
    try:
        yield
    except Exception as error:
        raise gr.Error(sentence(error, sorry), print_exception=False) from None
