"""The pages of the app put together: the chat, the API beside it, the annotators' desk."""

from collections.abc import Mapping
from types import MappingProxyType

import gradio as gr

from lavic_chat.desk import Desk
from lavic_chat.ui import markup
from lavic_chat.ui.api import Api
from lavic_chat.ui.desk_page import DeskPage
from lavic_chat.ui.page import MODEL_QUEUE, Page
from lavic_chat.ui.visit import Recommender

KEEP_UPLOADS = (3_600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_app(
    recommender: Recommender,
    flags: Desk,
    currency: str = "$",
    annotators: Mapping[str, str] = MappingProxyType({}),
) -> gr.Blocks:
    """The chat around a recommender, and the annotators' page at /desk, with a login where `annotators` has names with
    passwords; serve it with `launch`, which brings the theme and the pictures."""
    shop = markup.Shop(recommender.catalog, recommender.model_name, recommender.device, currency)
    with gr.Blocks(title="LaViC Chat", analytics_enabled=False, fill_width=True, delete_cache=KEEP_UPLOADS) as app:
        page = Page(recommender, flags, shop)
        page.lay_out()
        Api(recommender, flags).lay_out(MODEL_QUEUE)  # first, for an endpoint's name belongs to who comes first
        page.wire()
        page.quickly(app.load, page.come_back, page.everything, [page.memory])
    with app.route("Desk", "desk"):
        desk = DeskPage(flags, shop, annotators)
        desk.lay_out()
        desk.wire()
    return app
