"""A full or read-only home costs what would be kept there, never an answer."""

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from helpers.fakes import FakeRecommender, make_catalog
from helpers.faults import FULL, READ_ONLY, fail_disk
from helpers.listening import use_silent_tagger
from helpers.toys import make_adapter, said, use_word_encoder
from PIL import Image

from lavic_chat.cli.serve import build_index
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import FlagStoreError, LavicError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.model.load import load_model
from lavic_chat.ranking.visual_ranker import SHIPPED_STATES
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import Settings
from lavic_chat.storage.troubles import current_troubles, note_trouble
from lavic_chat.ui import markup
from lavic_chat.ui.annotation_page import AnnotationPage, Annotator
from lavic_chat.ui.api import Api

pytestmark = pytest.mark.parametrize("how", [FULL, READ_ONLY], ids=["full", "read-only"])


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    """Of the tiny model, with an adapter that brings the states of all pictures."""
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    settings = Settings(tmp_path / "first", tiny_catalog_folder, str(base))
    first = load_recommender(settings, progress=False)
    own = make_adapter(load_model(base, None, tmp_path), tmp_path / "adapter")
    first.visual_ranker.image_encoder.save_states(first.catalog, own / SHIPPED_STATES)
    return replace(settings, home=tmp_path / "home", adapter=own)


@pytest.fixture
def photo(tmp_path) -> Path:
    Image.new("RGB", (60, 40), "#35558f").save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_text_and_photo_are_answered_from_the_first_start_on(settings, photo, monkeypatch, how, caplog):
    looked, look = [], ImageEncoder._encode
    monkeypatch.setattr(ImageEncoder, "_encode", lambda self, some: looked.extend(some) or look(self, some))
    fail_disk(monkeypatch, how)
    recommender = load_recommender(settings, progress=False)
    assert looked == []  # the shipped states are there, though they could not be kept
    for _ in range(2):
        assert len(recommender.recommend(said("a sofa")).candidates) == 10
        assert len(recommender.recommend(Dialogue().say("like this", photo)).candidates) == 10
    assert len(caplog.records) == len({record.message for record in caplog.records})  # each said once
    assert current_troubles() and all(str(settings.home) in sentence for sentence in current_troubles())


def test_an_index_that_cannot_be_kept_is_told_before_it_is_made(settings, monkeypatch, how):
    monkeypatch.setattr("lavic_chat.serving.recommender.load_recommender", None)
    fail_disk(monkeypatch, how)
    with pytest.raises(LavicError, match=r"Could not write .*cache.* choose another folder"):
        build_index(replace(settings, runtime="torch"), ship=False)


def test_an_index_that_a_disk_stopped_halfway_is_no_success(settings, monkeypatch, how):
    from lavic_chat.storage import files

    monkeypatch.setattr(files, "check_writable", lambda folder: None)  # there was room when it began
    note_trouble("elsewhere", "Another thing.")
    fail_disk(monkeypatch, how)
    with pytest.raises(LavicError, match=r"The cache .* cannot be used"):
        build_index(replace(settings, runtime="torch"), ship=False)


@pytest.mark.parametrize("login", [{}, {"ada": "secret"}])
def test_a_flag_is_refused_in_words_and_the_owner_is_told(tmp_path, monkeypatch, how, login):
    catalog, annotations = make_catalog(tmp_path / "catalog"), AnnotationStore(tmp_path / "flags.sqlite")
    api = Api(FakeRecommender(catalog), annotations)
    said_much = f"<submission>{'a lamp ' * 1_000}</submission>"  # more than the pages of the file have left
    given = (said_much, [["red-lamp", 0.9], ["blue-lamp", 0.1]], "red-lamp", "blue-lamp", "")
    api.flag(*given, gr.Request())
    (flag,) = annotations.list()
    with monkeypatch.context() as broken:
        fail_disk(broken, how)
        for _ in range(2):
            with pytest.raises(Exception, match="could not be stored; please try again later"):
                api.flag(*given, gr.Request())
        with pytest.raises(FlagStoreError):
            annotations.add_unsure(flag)
    (told,) = annotations.troubles()
    assert "flags.sqlite" in told or "disk is full" in told
    page = AnnotationPage(annotations, markup.Links(catalog, "m", "cpu"), login)
    page.state, page.notice, page.task = "state", "notice", "task"
    shown = page.screen(Annotator("ada"))["task"]
    assert 'class="troubles"' in shown and (str(tmp_path) in shown) == (bool(login) and str(tmp_path) in told)
    api.flag(*given, gr.Request())
    assert annotations.troubles() == () and "troubles" not in page.screen(Annotator("ada"))["task"]
