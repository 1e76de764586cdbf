"""The pages of the app put together: the chat, the API beside it, the annotators' desk."""

from collections.abc import Mapping
from types import MappingProxyType

import gradio as gr

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import markup
from lavic_chat.ui.annotation_page import AnnotationPage
from lavic_chat.ui.api import Api
from lavic_chat.ui.chat_page import MODEL_QUEUE, Page
from lavic_chat.ui.session import Recommender

KEEP_UPLOADS = (3_600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_app(
    recommender: Recommender,
    flags: AnnotationStore,
    currency: str = "$",
    annotators: Mapping[str, str] = MappingProxyType({}),
) -> gr.Blocks:
    """The chat around a recommender, and the annotators' page at /desk, with a login where `annotators` has names with
    passwords; serve it with `launch`, which brings the theme and the pictures."""
    links = markup.Links(recommender.catalog, recommender.model_name, recommender.device, currency)
    with gr.Blocks(title="LaViC Chat", analytics_enabled=False, fill_width=True, delete_cache=KEEP_UPLOADS) as app:
        page = Page(recommender, flags, links)
        page.lay_out()
        Api(recommender, flags).lay_out(MODEL_QUEUE)  # first, for an endpoint's name belongs to who comes first
        page.wire()
        page.quickly(app.load, page.come_back, page.everything, [page.memory])
    with app.route("Desk", "desk"):
        annotations = AnnotationPage(flags, links, annotators)
        annotations.lay_out()
        annotations.wire()
    return app
