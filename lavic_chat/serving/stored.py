"""What of a catalogue is kept between starts: its words in tables at home, and where its items are found."""

from collections.abc import Callable, Sequence

import numpy as np

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.stored import tables_folder
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.nlu.english import english_hash, load_lexicon, load_thesaurus
from lavic_chat.nlu.word_tables import WORDS_FORMAT, WordTables, make_word_tables, read_word_tables
from lavic_chat.retrieval.index import ExactIndex, Index
from lavic_chat.retrieval.milvus import MilvusPlace
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.tables import Place, stored_tables, write_columns


def open_word_tables(settings: Settings, catalog: Catalog, captions: Sequence[str], encoder: TextEncoder) -> WordTables:
    """What the catalogue's words are compared by, from the tables in the home; made where they are not there yet."""
    english, reads = (load_lexicon(), load_thesaurus()), catalog.terms.appearance
    key = hash_bytes(WORDS_FORMAT, english_hash(), catalog.fingerprint, encoder.name, str(reads), "\n".join(captions))

    def make(folder: Place) -> None:
        write_columns(folder, make_word_tables(catalog.products, captions, encoder, english, reads).arrays())

    folder = tables_folder(settings.catalog, settings.home)
    return stored_tables(folder, "words", key, make, read_word_tables, ("names.vectors", "seen.vectors"))


def index_maker(
    settings: Settings, name: str, mark: str
) -> Callable[[Sequence[Product], np.ndarray, np.ndarray], Index]:
    """What makes the index that the settings name: all items compared in this process, or a Milvus. name: of the
    weights; mark: of the very items."""
    if not settings.index:
        return ExactIndex
    folder = tables_folder(settings.catalog, settings.home)
    return MilvusPlace(settings.index, hash_bytes(folder.name, name)[:24], mark, folder / "milvus.mark")
