"""A chat page over a fake recommender of the test's own `catalog`."""

from pathlib import Path

import gradio as gr
import pytest
from helpers.fakes import FakeRecommender

from lavic_chat.catalog import Catalog
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import markup
from lavic_chat.ui.chat_page import ChatPage


@pytest.fixture
def recommender(catalog: Catalog) -> FakeRecommender:
    return FakeRecommender(catalog)


@pytest.fixture
def links(catalog: Catalog) -> markup.Links:
    return markup.Links(catalog, "fake-model", "cpu")


@pytest.fixture
def page(recommender: FakeRecommender, links: markup.Links, tmp_path: Path) -> ChatPage:
    with gr.Blocks():
        page = ChatPage(recommender, AnnotationStore(tmp_path / "flags.sqlite"), links)
        page.lay_out()
    return page
