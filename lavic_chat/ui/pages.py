"""The pages of the app put together: the chat, the API beside it, the annotators' page."""

from collections.abc import Mapping
from types import MappingProxyType

import gradio as gr

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import markup
from lavic_chat.ui.annotation_page import AnnotationPage
from lavic_chat.ui.api import Api
from lavic_chat.ui.chat_page import ChatPage
from lavic_chat.ui.refusals import RefusingBlocks
from lavic_chat.ui.session import Recommender
from lavic_chat.ui.shared_chat_page import SharedChatPage
from lavic_chat.ui.waiting import SharedRecommender

KEEP_UPLOADS = (3_600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_app(
    recommender: Recommender,
    annotations: AnnotationStore,
    currency: str = "$",
    annotators: Mapping[str, str] = MappingProxyType({}),
) -> gr.Blocks:
    """The chat around a recommender, and the annotators' page at /desk, with a login where `annotators` has names with
    passwords; serve it with `launch`, which brings the theme and the pictures."""
    links = markup.Links(recommender.catalog, recommender.model_name, recommender.device, currency)
    with RefusingBlocks(title="LaViC Chat", analytics_enabled=False, fill_width=True, delete_cache=KEEP_UPLOADS) as app:
        page = make_page(recommender, annotations, links)
        page.lay_out()
        Api(recommender, annotations).lay_out()  # first, for an endpoint's name belongs to who comes first
        page.wire()
        if isinstance(page, SharedChatPage):
            app.unload(page.leave)
        page.wire_load(app.load)
    with app.route("Desk", "desk"):
        annotation_page = AnnotationPage(annotations, links, annotators)
        annotation_page.lay_out()
        annotation_page.wire()
    return app


def make_page(recommender: Recommender, annotations: AnnotationStore, links: markup.Links) -> ChatPage:
    """The page on which shoppers wait in the recommender's line where it has one, else in Gradio's queue."""
    if isinstance(recommender, SharedRecommender):
        return SharedChatPage(recommender, annotations, links)
    return ChatPage(recommender, annotations, links)
