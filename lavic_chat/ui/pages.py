"""The pages of the app put together: the chat, the API beside it, the annotators' page, the owner's."""

from collections.abc import Mapping
from types import MappingProxyType

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import markup
from lavic_chat.ui.annotation_page import AnnotationPage
from lavic_chat.ui.api import Api
from lavic_chat.ui.catalog_page import CatalogPage
from lavic_chat.ui.chat_page import ChatPage
from lavic_chat.ui.clients import Clients
from lavic_chat.ui.photos import Photos
from lavic_chat.ui.presence import Presence
from lavic_chat.ui.product_api import ProductApi
from lavic_chat.ui.serve import ChatApp
from lavic_chat.ui.session import Recommender
from lavic_chat.ui.shared_chat_page import SharedChatPage
from lavic_chat.ui.waiting import SharedRecommender

KEEP_UPLOADS = (3_600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_app(
    recommender: Recommender,
    annotations: AnnotationStore,
    currency: str = "$",
    annotators: Mapping[str, str] = MappingProxyType({}),
    clients: Clients | None = None,
    photos: Photos | None = None,
) -> "ChatApp":
    """The chat around a recommender, the annotators' page at /desk and the owner's at /catalog, both with a login where
    `annotators` has names with passwords; serve it with `launch`, which brings the theme and the pictures. clients: who
    asks, and how much each may; without it nobody is held back. photos: of all visits, in a folder that was there
    before."""
    photos = photos or Photos()
    clients = clients or Clients(presence=Presence())
    links = markup.Links(
        recommender.catalog, recommender.model_name, recommender.device, currency, has_login=bool(annotators)
    )
    with ChatApp(title="LaViC Chat", analytics_enabled=False, fill_width=True, delete_cache=KEEP_UPLOADS) as app:
        app.clients, app.photos = clients, photos
        page = make_page(recommender, annotations, links, clients, photos)
        page.lay_out()
        # first, for an endpoint's name belongs to who comes first
        Api(recommender, annotations, clients, currency).lay_out()
        ProductApi(recommender, clients, currency).lay_out()
        page.wire()
        app.unload(page.leave)
        page.wire_load(app.load)
    with app.route("Desk", "desk"):
        annotation_page = AnnotationPage(annotations, links, annotators, clients)
        annotation_page.lay_out()
        annotation_page.wire()
    with app.route("Catalogue", "catalog"):
        catalog_page = CatalogPage(annotations, links, annotators, clients).serve(recommender, app.have_looked_again)
        catalog_page.lay_out()
        catalog_page.wire()
    return app


def make_page(
    recommender: Recommender, annotations: AnnotationStore, links: markup.Links, clients: Clients, photos: Photos
) -> ChatPage:
    """The page on which shoppers wait in the recommender's line where it has one, else in Gradio's queue."""
    if isinstance(recommender, SharedRecommender):
        return SharedChatPage(recommender, annotations, links, clients, photos)
    return ChatPage(recommender, annotations, links, clients, photos)
