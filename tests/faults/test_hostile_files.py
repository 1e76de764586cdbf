"""Every file that is read may hold anything: what comes of it is what was asked for, or one sentence, and a line in the
log at most. Files are taken as they are written, and then cut, zeroed, shuffled, or replaced by something else."""

import contextlib
import io
import json
import logging
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from helpers.fakes import make_catalog
from helpers.feedback import TURN
from helpers.tiny import tiny_model
from helpers.toys import make_adapter
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.importing.importers import import_catalog
from lavic_chat.catalog.pictures import open_picture
from lavic_chat.catalog.splits import read_splits
from lavic_chat.catalog.terms import TERMS, read_terms
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.listening import read_played
from lavic_chat.features.item_vectors import FILE, load_item_vectors
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.export import export_dialogues
from lavic_chat.feedback.hub_backup import backup_files, read_rows
from lavic_chat.model.card import read_card
from lavic_chat.retrieval.fusion import Fusion, load_fusion
from lavic_chat.settings import shipped
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.manifest import ANY, MANIFEST, damaged_files, write_manifest
from lavic_chat.storage.runtime_cache import RuntimeCache
from lavic_chat.training.marked_turns import read_marked_turns
from lavic_chat.training.recipe.recipe import read_recipe
from lavic_chat.ui.browser_storage import from_storage
from lavic_chat.ui.history_storage import from_kept

EXAMPLES = 12  # of each reader, beside those below that are always tried
LONGEST_SENTENCE = 600


@dataclass(frozen=True)
class Reader:
    """A file as it should be, its name, and what reads it: a function of the folder that it lies in."""

    name: str
    content: bytes
    read: Callable[[Path], object]


def jsonl(*rows: dict) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("products.csv", "id,title,category,image\na,Sofa,Seats,a.jpg\n")
        archive.writestr("a.jpg", picture("JPEG"))
    return data.getvalue()


def picture(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "#b3372c").save(data, kind)
    return data.getvalue()


def fusion() -> bytes:
    state = {name: tensor.half().contiguous() for name, tensor in Fusion(4, 10, 6).state_dict().items()}
    return save(state, {"tower": "t", "encoder": "e", "share": "0.5"})


def database(make: Callable[[Path], object]) -> Callable[[Path], bytes]:
    """The bytes of a database that a function makes, without what lies beside it."""

    def made(folder: Path) -> bytes:
        path = folder / "made.sqlite"
        make(path)
        with contextlib.closing(sqlite3.connect(path)) as opened:
            opened.execute("pragma wal_checkpoint(truncate)")
        return path.read_bytes()

    return made


def some_flags(path: Path) -> None:
    store = AnnotationStore(path)
    store.add(TURN)
    store.judge("t1", "ada", "b")


def read_flags(folder: Path) -> None:
    store = AnnotationStore(folder / "flags.sqlite")
    store.list()
    store.stats()
    store.queue("ada")
    export_dialogues(store, folder / "out.jsonl")


def read_back(folder: Path) -> None:
    store = AnnotationStore(folder / "restored.sqlite")
    store.restore(read_rows(backup_files(folder)))
    store.list()
    (folder / "restored.sqlite").unlink()


def read_texts(folder: Path) -> None:
    cache = RuntimeCache(TextCache(folder / "texts.sqlite"))
    assert set(cache.get(["a", "b"]).items()) <= {("a", "blue"), ("b", "red")}
    cache.put({"a": "blue"})
    assert cache.get(["a"]) == {"a": "blue"}


PRODUCT = {"id": "a", "title": "Sofa", "category": "Seats", "images": ["a.jpg"], "price": 3.5, "attributes": {"c": "d"}}
DIALOGUE = {"context": "<submission>a sofa</submission>", "gt_items": ["a"], "candidates": ["a", "b"], "gt": ""}
PLAYED = {"id": "x", "kind": "k", "catalog": "home", "turns": ["a sofa"], "act": "ask", "expect": {"type": ["sofa"]}}
ROW = {"table": "flags", "turn_id": "t", "context": "c", "candidates": '[["a", 0.5]]', "pick": "a", "correct": None,
       "reason": "", "model_hash": "", "catalog_hash": "", "time": "2026-01-01T00:00:00+00:00"}  # fmt: skip
RECIPE = shipped("assets", "lavic-mini", "recipe.toml")
READERS = [
    Reader("products.jsonl", jsonl(PRODUCT, {**PRODUCT, "id": "b"}), load_catalog),
    Reader(TERMS, b"appearance = false\n", read_terms),
    Reader("splits.json", b'{"train": {"s": ["a"]}, "valid": {}, "test": {}}', read_splits),
    Reader("some.csv", b"id,title,category,image,price\na,Sofa,Seats,a.jpg,3.50\n", lambda f: brought(f / "some.csv")),
    Reader("some.zip", zipped(), lambda f: brought(f / "some.zip")),
    Reader("some.jsonl", jsonl(PRODUCT), lambda f: brought(f / "some.jsonl")),
    Reader("talks.jsonl", jsonl(DIALOGUE, DIALOGUE), lambda f: read_conversations(f / "talks.jsonl")),
    Reader("played.jsonl", jsonl(PLAYED), lambda f: read_played(f / "played.jsonl")),
    Reader("turns.jsonl", jsonl({"text": "a sofa", "act": "ask"}), lambda f: read_marked_turns(f / "turns.jsonl")),
    Reader("recipe.toml", RECIPE.read_bytes(), lambda f: read_recipe(f / "recipe.toml")),
    Reader("adapter.json", b'{"base": "b", "fingerprint": "f", "trust": 1.0}', read_card),
    Reader("retriever/fusion.safetensors", fusion(), lambda f: load_fusion(f, "t", "e")),
    Reader(f"moda/{FILE}", save({"k": torch.ones(3)}), lambda f: load_item_vectors(f, (), torch.zeros(0, 5, 3))),
    Reader("photo.png", picture("PNG"), lambda f: open_picture(f / "photo.png")),
    Reader("photo.jpg", picture("JPEG"), lambda f: open_picture(f / "photo.jpg")),
    Reader(MANIFEST, b'{"files": {"a": {"size": 1, "sha256": "x"}}}', lambda f: damaged_files(f, ANY)),
    Reader("000001-a.jsonl", jsonl(ROW, ROW), read_back),
]  # fmt: skip


def brought(source: Path) -> None:
    import_catalog(source, source.parent / "to", progress=False)


SPECIAL = [
    b"", b"\x00" * 4_096, b"\xff\xfe\x00\x00", b"\xef\xbb\xbf", b"{", b"[" * 50_000, b"{}", b"[]", b"null", b"1e999",
    b'{"a": ' * 9_000, b"\n" * 500, b'{"id": 1, "title": [], "images": {}}', b'"\\ud800"', b"a,b\n" + b"x," * 70_000,
    b"PK\x03\x04" + b"\x00" * 60, b"SQLite format 3\x00" + b"\x00" * 2_000, b"\x89PNG\r\n\x1a\n" + b"\xff" * 90,
]  # fmt: skip


INSERTED = [b'"', b"\n", b"[", b"}", b"\xff", b"9" * 400]


@st.composite
def harmed(draw, content: bytes) -> bytes:
    """A file's bytes after one or two accidents."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        kind = draw(st.sampled_from(["cut", "byte", "zeros", "insert", "repeat", "drop"]))
        if kind == "cut":
            del data[place:]
        elif kind == "byte" and data:
            data[place] = draw(st.integers(0, 255))
        elif kind == "zeros":
            end = min(len(data), place + draw(st.integers(1, 200)))
            data[place:end] = bytes(end - place)
        elif kind == "insert":
            data[place:place] = draw(st.binary(max_size=12) | st.sampled_from(INSERTED))
        elif kind == "repeat":
            data[place:place] = data[place : place + 300]
        else:
            del data[place : place + draw(st.integers(1, 40))]
    return bytes(data)


def read_or_refuse(reader: Reader, folder: Path, content: bytes, caplog) -> None:
    """Nothing but a result or a LavicError of one sentence comes of it, and one line in the log at most."""
    path = folder / reader.name
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.damaged*"):
        old.unlink()
    path.write_bytes(content)
    caplog.clear()
    try:
        reader.read(folder)
    except LavicError as error:
        sentence = str(error)
        assert sentence and len(sentence) < LONGEST_SENTENCE and "\n" not in sentence and "Traceback" not in sentence
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= 2
    assert not any(record.exc_info for record in caplog.records)


def attack(reader: Reader, folder: Path, caplog) -> None:
    reader_folder = folder / "read"
    reader_folder.mkdir()
    read_or_refuse(reader, reader_folder, reader.content, caplog)
    for content in SPECIAL:
        read_or_refuse(reader, reader_folder, content, caplog)

    @settings(max_examples=EXAMPLES, database=None)
    @given(harmed(reader.content))
    def try_one(content: bytes) -> None:
        read_or_refuse(reader, reader_folder, content, caplog)

    try_one()


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_reader_answers_or_refuses(reader, tmp_path, caplog):
    attack(reader, tmp_path, caplog)


@pytest.mark.parametrize("name, make, read", [
    ("flags.sqlite", some_flags, read_flags),
    ("texts.sqlite", lambda path: TextCache(path).put({"a": "blue", "b": "red"}), read_texts),
])  # fmt: skip
def test_a_database_answers_or_refuses(name, make, read, tmp_path, caplog):
    attack(Reader(name, database(make)(tmp_path), read), tmp_path, caplog)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    return make_catalog(tmp_path_factory.mktemp("catalog"))


kept = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=6), one, max_size=4),
)


@settings(max_examples=60)
@given(stored=kept, chosen=st.dictionaries(st.sampled_from(["format", "turns", "answers", "filters", "unsent"]), kept))
def test_what_a_browser_kept_is_read_or_is_nothing(catalog, stored, chosen):
    for one in (stored, {"format": 2, "turns": [], "answers": [], "filters": [None], "unsent": ["", ""], **chosen}):
        session, text, photo = from_storage(one, catalog)
        assert isinstance(text, str) and (photo is None) and session.recommendation is None
        from_kept(one, catalog)


def test_an_adapter_folder_answers_or_refuses(tmp_path, caplog):
    """Its weights are opened by the model that they are for, here in the tiny one."""
    from lavic_chat.model.adapter import apply_adapter

    folder = make_adapter(tiny_model(), tmp_path / "adapter")
    for name in ("projector.safetensors", "llm/adapter_model.safetensors", "adapter.json"):
        whole = (folder / name).read_bytes()
        for content in (*SPECIAL[:9], whole[: len(whole) // 2], whole[:-9]):
            (folder / name).write_bytes(content)
            with pytest.raises(LavicError) as refused:
                apply_adapter(tiny_model(), folder)
            assert len(str(refused.value)) < LONGEST_SENTENCE and "\n" not in str(refused.value)
        (folder / name).write_bytes(whole)
    write_manifest(folder)
    apply_adapter(tiny_model(), folder)
